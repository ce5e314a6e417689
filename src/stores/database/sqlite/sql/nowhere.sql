-- Rows that gave up their copy although the archive has not settled it.
SELECT key FROM transcript
WHERE unarchived IS NULL AND (archived_revision <> revision OR archived_words < words_revision)
ORDER BY key
LIMIT 20

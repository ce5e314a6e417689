-- The unarchived copy goes when the archive holds this very revision and these very words.
UPDATE transcript
SET archived_words = max(archived_words, ?3),
    archived_revision = ?2,
    unarchived = CASE WHEN revision = ?2 AND words_revision <= max(archived_words, ?3) THEN NULL ELSE unarchived END
WHERE key = ?1 AND revision >= ?2
  AND (archived_revision < ?2 OR (archived_revision = ?2 AND archived_words < ?3))

SELECT key, org FROM transcript INDEXED BY transcript_owed_archive
WHERE (archived_revision < revision OR archived_words < words_revision)
  AND key > ?1
ORDER BY key
LIMIT ?2

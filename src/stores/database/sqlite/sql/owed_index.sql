SELECT key, org FROM transcript INDEXED BY transcript_owed_index
WHERE (indexed_revision < revision OR indexed_schema < schema_version OR indexed_words < words_revision)
  AND key > ?1
ORDER BY key
LIMIT ?2

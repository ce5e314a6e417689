SELECT revision, schema_version, words_revision,
       indexed_revision, indexed_schema, indexed_words, archived_revision, archived_words
FROM transcript
WHERE key = ?1

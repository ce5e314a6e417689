SELECT key, org, folder, tid, revision, words_revision, schema_version, last_modified, ingested,
       indexed_revision, indexed_schema, indexed_words, archived_revision, archived_words,
       facts, builtins, "values", unarchived, whole
FROM transcript INDEXED BY transcript_of_org
WHERE org = ?3 AND key > ?1
ORDER BY key
LIMIT ?2

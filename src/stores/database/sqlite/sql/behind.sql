SELECT key FROM transcript INDEXED BY transcript_projected
WHERE folder = ?1 AND schema_version = ?2 AND key > ?3
ORDER BY key
LIMIT ?4

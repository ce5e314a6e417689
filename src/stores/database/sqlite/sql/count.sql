SELECT count(*), coalesce(sum(schema_version <> ?2), 0) FROM transcript INDEXED BY transcript_projected
WHERE folder = ?1

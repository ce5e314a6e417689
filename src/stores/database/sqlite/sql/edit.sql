-- The usual edit: the schema version stays, so transcript_projected is left alone.
UPDATE transcript SET revision = ?3, last_modified = ?5, builtins = ?6, "values" = ?7, unarchived = ?8
WHERE key = ?1 AND revision = ?2 AND schema_version = ?4

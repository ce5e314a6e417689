-- At one revision the schema version only grows: a late back-fill changes nothing.
UPDATE transcript SET schema_version = ?3, builtins = ?4, "values" = ?5, whole = ?6
WHERE key = ?1 AND revision = ?2 AND schema_version <= ?3

-- A pending edit comes into its row, with what the sinks have settled meanwhile.
UPDATE transcript
SET revision = ?2, last_modified = ?3, builtins = ?4, "values" = ?5, unarchived = ?6,
    indexed_revision = ?7, indexed_schema = ?8, indexed_words = ?9, archived_revision = ?10, archived_words = ?11,
    whole = ?12
WHERE key = ?1

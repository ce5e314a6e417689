-- A pending edit that a crash left comes into its row. A row that is gone, or has it, stays as it is.
UPDATE transcript SET revision = ?2, last_modified = ?3, builtins = ?4, "values" = ?5, unarchived = ?6,
    whole = ?5 = ?6
WHERE key = ?1 AND revision < ?2

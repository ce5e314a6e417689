DELETE FROM transcript WHERE key = ?1 AND revision = ?2

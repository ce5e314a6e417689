UPDATE transcript SET indexed_revision = 0, indexed_schema = 0, indexed_words = 0
WHERE key > ?1 AND key <= ?2 AND (indexed_revision > 0 OR indexed_schema > 0 OR indexed_words > 0)

-- A higher revision brings its own schema version (another folder counts its own); the same revision only raises it.
UPDATE transcript
SET indexed_schema = CASE WHEN indexed_revision < ?2 THEN ?3 ELSE max(indexed_schema, ?3) END,
    indexed_words = max(indexed_words, ?4),
    indexed_revision = ?2
WHERE key = ?1 AND revision >= ?2
  AND (indexed_revision < ?2 OR (indexed_revision = ?2 AND (indexed_schema < ?3 OR indexed_words < ?4)))

-- The next schema version of a folder's rows above ?2: called in a loop, it hops over the rows in between.
SELECT min(schema_version) FROM transcript INDEXED BY transcript_projected
WHERE folder = ?1 AND schema_version > ?2

INSERT INTO token (id, digest, body) VALUES (?1, ?2, ?3)
ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, body = excluded.body

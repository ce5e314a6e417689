INSERT INTO job (id, kind, body) VALUES (?1, ?2, ?3)
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, body = excluded.body

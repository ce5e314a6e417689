INSERT INTO object (kind, id, parent, name, body) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (kind, id) DO UPDATE SET parent = excluded.parent, name = excluded.name, body = excluded.body

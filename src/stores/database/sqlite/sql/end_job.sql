INSERT INTO past_job (id, kind, finished, body) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, finished = excluded.finished, body = excluded.body

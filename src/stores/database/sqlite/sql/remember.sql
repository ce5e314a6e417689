INSERT INTO idempotency (digest, body, revision, commit_number, until) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (digest) DO UPDATE
SET body = excluded.body, revision = excluded.revision, commit_number = excluded.commit_number, until = excluded.until

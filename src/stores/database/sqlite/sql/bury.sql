INSERT INTO tombstone (digest, revision) VALUES (?1, ?2)
ON CONFLICT (digest) DO UPDATE SET revision = max(revision, excluded.revision)

DELETE FROM idempotency
WHERE digest IN (SELECT digest FROM idempotency WHERE until <= ?1 ORDER BY until LIMIT ?2)

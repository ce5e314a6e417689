DELETE FROM past_job WHERE id IN (
    SELECT id FROM past_job WHERE kind = ?1 ORDER BY finished DESC, id DESC LIMIT -1 OFFSET ?2
)

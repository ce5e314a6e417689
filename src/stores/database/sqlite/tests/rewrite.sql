-- A row whose values change, with nothing owed to the archive.
UPDATE transcript
SET "values" = ?2, unarchived = NULL, archived_revision = revision, archived_words = words_revision
WHERE key = ?1

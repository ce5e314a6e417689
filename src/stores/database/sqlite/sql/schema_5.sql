-- Schema 5.
-- 1: "values" are all there is of metadata, in its spelling and order. Then the row alone says what an edit rests on.
ALTER TABLE transcript ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;

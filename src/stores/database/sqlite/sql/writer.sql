-- The connection that writes, and the one that moves the log into the file. One flush a commit (WAL, FULL); what is
-- overwritten is zeroed; the log is never moved inside a commit, and is cut to 16 MiB when it begins anew.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA foreign_keys = ON;
PRAGMA wal_autocheckpoint = 0;
PRAGMA secure_delete = ON;
PRAGMA journal_size_limit = 16777216;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;

-- The connection that writes, and the one that moves the log into the file. One flush a commit (WAL, FULL); what is
-- overwritten is zeroed; the log is never moved inside a commit, and is cut to 64 MiB, the room it is given, when it
-- begins anew.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA foreign_keys = ON;
PRAGMA wal_autocheckpoint = 0;
PRAGMA secure_delete = ON;
PRAGMA journal_size_limit = 67108864;
PRAGMA cache_size = -16384;
PRAGMA mmap_size = 268435456;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;

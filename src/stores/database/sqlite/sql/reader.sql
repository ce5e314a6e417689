-- A connection that only reads: pages come from the mapped file, so its own cache may be small.
PRAGMA query_only = ON;
PRAGMA wal_autocheckpoint = 0;
PRAGMA cache_size = -4096;
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;

"""The archive: one SQLite file. `read` opens it for reading alone, `write` for the one process that syncs."""

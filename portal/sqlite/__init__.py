"""The database engine of an installation on SQLite."""

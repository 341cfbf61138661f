"""The store: tables and queries in SQL, history in Parquet, snapshots in files."""

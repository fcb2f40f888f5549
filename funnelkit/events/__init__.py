"""Events: whatever holds them becomes Parquet with known columns."""

"""Scores in a database, every row exactly once (docs/batch.md)."""

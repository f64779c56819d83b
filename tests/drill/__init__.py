"""The drill of a loss: a load, a backup under it, everything gone, everything back, and the proof (docs/backup.md)."""

"""The functional core of intake: reading, normalising, locating, telling duplicates, deciding. No I/O."""

"""Putting everything aside that cannot be made again, as of one instant, and putting it back.

`cut.py` finds the instant, `databases.py` reads and writes collections, `records.py` what stands on topics,
`manifest.py` says what a backup holds and proves that it still does, `save.py` and `bring_back.py` put it together.
The keys of the vault are in none of it: who finds a backup finds nobody's name in it.
"""

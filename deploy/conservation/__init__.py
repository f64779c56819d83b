"""Whether every report that partners submitted became what it should: a case, part of a case, a repetition, a refusal.

`facts.py` says what is looked at, `ledger.py` does the sums, `sources.py` reads topics and databases.
"""

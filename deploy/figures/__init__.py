"""The figures of a district (考核指标) from its ledger: each a definition, the things behind it, and sums of them.

`book.py` sorts what the ledger says by case, the files named after topics say what is counted, `catalogue.py` lists
them, `sums.py` adds up, `reading.py` reads the four services' parts, `answer.py` is what one gets.
"""

"""Looking at a deployment from outside and saying what is wrong with it, and what to do.

It only looks: nothing here writes to broker or database. One file is one thing that is looked at, each gives findings;
`examine.py` puts them in order.
"""

"""The ledger (台账): what each service keeps for good of the events it published, to make figures of.

`kept.py` says what of which event is kept, `rows.py` how it is written. Pure; `shared/infra/ledger.py` stores it.
"""

"""What grid workers did, missed, learnt and earned, computed from the ledger; see `gridwhistle workers`."""

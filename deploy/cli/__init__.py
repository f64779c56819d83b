"""The `gridwhistle` command line; each group of sub-commands is one file here, found by discovery."""

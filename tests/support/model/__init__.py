"""The reference model: what docs and contracts promise, small, slow and plain enough to be read. Shares no code.

`almanac` and `days`: when a limit ends. `place`: the district that model and services are compared in.
"""

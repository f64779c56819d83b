"""A partner's side of the bus, for the demo, the replay and the bench: say something, and follow what comes of it.

Nothing here knows how the services work; it holds what any partner can know from the contracts.
"""

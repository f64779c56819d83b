"""The district profile (区情档案): its model, its loader, and the pure look-ups over it.

Reading profile files in `loader.py` is the only input here; nothing imports a broker, a database or a clock.
"""

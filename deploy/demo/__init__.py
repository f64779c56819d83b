"""One day of a district at high speed: seeded reports, simulated partners who answer, live figures, tables at the end.

It speaks to the system through topics only, as real partners do; nothing in here is imported by a service.
"""

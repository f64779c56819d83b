"""Measuring, never asserting: `python -m tests.bench`."""

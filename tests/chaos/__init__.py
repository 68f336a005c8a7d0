"""Chaos: faults injected into real runs, and what came of them, counted. `python -m tests.chaos` prints the table of
docs/security.md.
"""

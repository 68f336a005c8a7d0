"""Attacks in numbers: each class makes hostile input by the hundred and gives it to the real readers, commands and
simulators.

`python -m tests.hostile.attack` runs them all and counts; the short ones run in `make test`.
"""

"""A topology is a generated circuit for training: composed from stages, loads, cascodes, compensation and bias blocks.

`compose` generates one from a number, from the blocks in `amplifiers` and `others`, on a `Sheet`.
"""

"""The universal surrogate's teaching: circuits that mutations made (`evolve`), their simulations (`make`, `record`),
the network in torch and its training.
"""

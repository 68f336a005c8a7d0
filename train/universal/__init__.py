"""Training of the universal surrogate: mutated circuits (`evolve`), their simulations (`make`, `record`), the network
in torch and
its training.
"""

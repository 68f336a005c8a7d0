"""A world is a posterior sample of the universal surrogate for one circuit: an environment that takes microseconds
instead of a simulation. Policies that propose designs are trained and compared in it (docs/training.md).

`arena` (circuits with their recorded simulations) → `belief` (processes in closed form) → `world` (samples and targets)
→ `search` (candidates and their gains) → `proposer` (the policy) → `play` → `arms` (ways of training) → `study` (all
arms and seeds) → `order` (the test).
"""

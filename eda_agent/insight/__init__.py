"""Insight explains a circuit from a run or a few extra simulations: what changed, what matters, which targets
conflict.
"""

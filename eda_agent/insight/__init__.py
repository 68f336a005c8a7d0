"""Insight is what a run or a few extra simulations tell about the circuit: what moved, what matters, what stands against what."""

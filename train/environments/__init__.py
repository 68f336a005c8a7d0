"""Environments let other libraries train on the product's own: Gymnasium, TRL's `environment_factory`, verifiers.

All of them play the same game with the same prompt, parser, simulator and score.
"""

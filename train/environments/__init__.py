"""Environments let other libraries train on the product's environment: Gymnasium, TRL's `environment_factory`,
verifiers.

All of them use the same prompt, parser, simulator and score.
"""

"""Circuits as data: one folder each with spec.yaml, netlist and golden measurements; no Python beyond this line."""

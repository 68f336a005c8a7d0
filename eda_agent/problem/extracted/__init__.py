"""An extracted netlist describes a layout: its transistors finger by finger, its wires as R and C. It is read, matched
with the schematic, and simulated in the run's testbenches.
"""

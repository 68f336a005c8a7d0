"""An extracted netlist is what a layout is: its transistors finger by finger, its wires as R and C. It is read, matched
with the schematic, and made a circuit that the run's testbenches hold.
"""

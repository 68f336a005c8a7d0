"""A structure is the function of a circuit's devices, recognised from their connections; names of devices, nets and
ports are not used.

Rules, for MOSFETs of one type each (the conventions of Graeb, Zizala, Eckmueller and Antreich, ICCAD 2001, where they
have one):

    mirror          common gate and common source; the gate net is the drain of one of them, directly or through
    cascodes on top
    pair            common source that is not a rail, different gates that no mirror drives, different drains
    cross pair      the gate of each is the drain of the other
    cascode         its source is on the drain of another device, or of a pair (folded), and the bias holds its gate
    inverter        an n and a p with common gate and common drain
    switch          its gate is a clock: a port that drives gates of both types

A device that fits no rule is an amplifying device if its gate is on a signal, else "device". Symmetry is found by
exchanging the two sides of a pair and following the exchanges that this requires.
"""

from eda_agent.problem.structure.circuit import Fet, Mirror, Passive, Structure, polarity
from eda_agent.problem.structure.recognise import analyse, recognise

__all__ = ["Fet", "Mirror", "Passive", "Structure", "analyse", "polarity", "recognise"]

"""A structure is what a circuit's devices do, recognised from how they are connected; names of devices, nets and ports play no part.

Rules, for MOSFETs of one type each (the conventions of Graeb, Zizala, Eckmueller and Antreich, ICCAD 2001, where they have one):

    mirror          common gate and common source; the gate net is the drain of one of them, directly or through cascodes on top
    pair            common source that is no rail, different gates that no mirror drives, different drains
    cross pair      each one's gate is the other's drain
    cascode         stands with its source on the drain of another device, or of a pair (folded), its gate held by the bias
    inverter        an n and a p with common gate and common drain
    switch          its gate is a clock: a port that drives gates of both types

What fits no rule is an amplifying device when its gate hangs on a signal, else "device". Symmetry is found by exchanging the two
sides of a pair and following what must be exchanged with them.
"""

from eda_agent.problem.structure.circuit import Fet, Mirror, Passive, Structure, polarity
from eda_agent.problem.structure.recognise import analyse, recognise

__all__ = ["Fet", "Mirror", "Passive", "Structure", "analyse", "polarity", "recognise"]

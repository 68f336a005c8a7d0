"""A substrate has a net of its own where a layout keeps it apart from ground, as KLayout's extractions do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from eda_agent.problem.structure.circuit import Fet

_GROUND = re.compile(r"[adpv]{0,2}(?:vss|gnd|vee)\w*|ground", re.IGNORECASE)


def ground_beside_substrate(bulk: str, fets: Sequence[Fet], ports: Sequence[str]) -> str:
    """The ground of the channels.

    Args:
        bulk: the net of the NMOS bulks.
        fets: the transistors.
        ports: of the circuit.

    Returns:
        the port with a ground's name that feeds most NMOS channels and no PMOS, if no channel ends on `bulk`;
        otherwise `bulk`.
    """
    ends = Counter((net, fet.type) for fet in fets for net in (fet.drain, fet.source))
    if not bulk or any(net == bulk for net, _ in ends):
        return bulk
    gates = {fet.gate for fet in fets}
    able = {
        net: count
        for (net, kind), count in ends.items()
        if kind == "nmos" and net in ports and net not in gates and not ends[net, "pmos"] and _GROUND.fullmatch(net)
    }
    return max(able, key=lambda net: (able[net], net)) if able else bulk

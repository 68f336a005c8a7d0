"""A bulk is wrong where its junctions conduct or where nothing holds it: an NMOS on the positive rail, a PMOS on
ground, and a well without a tap.
"""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.structure.circuit import Fet, Structure

_INSIDE = "xdut."
"""What the structure puts before the name of a net that is no port."""


def wrong_bulks(structure: Structure) -> list[str]:
    """One sentence for each net that is a wrong bulk.

    Args:
        structure: the recognised circuit; its bodies on the nets to which taps lead.
    """
    busy = {net for fet in structure.fets for net in (fet.drain, fet.gate, fet.source)} | {*structure.ports}
    busy |= {net for passive in structure.passives for net in passive.nets} | structure.rails
    conducting = {("nmos", structure.vdd): structure.vss, ("pmos", structure.vss): structure.vdd, ("pmos", "0"): ""}
    by_net: dict[tuple[str, str], list[Fet]] = {}
    for fet in structure.fets:
        by_net.setdefault((fet.type, fet.bulk), []).append(fet)
    result = []
    for (kind, net), fets in by_net.items():
        if net and (kind, net) in conducting:
            rail = conducting[kind, net] or structure.vdd or "the positive rail"
            result.append(
                f"the bulk of {_names(fets)} ({kind.upper()}) is on {net}, so its junctions conduct and no measured"
                f" value is right: connect it to {rail}"
            )
        elif net not in busy:
            result.append(f"nothing holds the net {net.removeprefix(_INSIDE)}, the bulk of {_names(fets)}: it floats")
    return result


def _names(fets: Sequence[Fet]) -> str:
    shown = ", ".join(fet.name.upper() for fet in fets[:4])
    return shown + (f" and {len(fets) - 4} more" if len(fets) > 4 else "")

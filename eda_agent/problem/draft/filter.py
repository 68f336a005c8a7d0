"""An OTA-C filter is at least two transconductors around capacitors: a pair whose gate is the input, and nets with a
capacitor to a rail that pairs drive and that gates of pairs read, the output among them.
"""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases
from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.circuit import Fet


def ota_filter(structure: Structure, rest: Sequence[str]) -> tuple[dict[str, str], dict[str, str]] | None:
    """(role → port, other port → how it is held) of the filter that a circuit is, None if it is none.

    Args:
        structure: the circuit.
        rest: the ports beside the rails.
    """
    sources: dict[tuple[str, str], list[Fet]] = {}
    for fet in structure.fets:
        if fet.source not in structure.rails:
            sources.setdefault((fet.type, fet.source), []).append(fet)
    # one in unity feedback has a gate on its own drain, so that it is no pair of the structure
    pairs = [pair for pair in sources.values() if len(pair) == 2 and len({fet.drain for fet in pair}) == 2]
    gates = {fet.gate for pair in pairs for fet in pair}
    drains = {fet.drain for fet in structure.fets}
    stored = {
        net
        for one in structure.passives
        if one.kind == "c"
        for net, other in (one.nets, one.nets[::-1])
        if other in structure.rails and net in gates & drains
    }
    outs = [port for port in rest if port in stored]
    ins = [port for port in rest if port in gates - drains]
    if len(pairs) < 2 or len(stored) < 2 or not outs or not ins:
        return None
    out = next((port for port in outs if named("out", port)), outs[0])
    source = next((port for port in ins if named("in", port)), ins[0] if len(ins) == 1 else "")
    if not source:
        return None
    held = biases(structure, rest, {source, out})
    return {"in": source, "out": out}, {**held, **{port: "open" for port in outs if port != out}}

"""A carried net is one behind a chain of inverters from a port: it has the port's level or the opposite one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eda_agent.problem.structure.circuit import Fet
from eda_agent.problem.structure.wiring import Wiring


def carried(fets: Iterable[Fet], rails: frozenset[str], port: str) -> dict[str, int]:
    """Net → +1 for the port's level, −1 for the opposite one; the port itself is among them."""
    fets = list(fets)
    result, waiting = {port: 1}, [port]
    # the list grows by what it leads to
    for net in waiting:
        gates = [fet for fet in fets if fet.gate == net and fet.source in rails]
        outs = [{fet.drain for fet in gates if fet.type == kind} for kind in ("nmos", "pmos")]
        for out in sorted(outs[0] & outs[1]):
            # a tail that the clock resets has the shape of an inverter, and devices stand on it
            alone = not any(fet.source == out or (fet.drain == out and fet.gate != net) for fet in fets)
            if out not in result and alone:
                result[out] = -result[net]
                waiting.append(out)
    return result


def clock_behind(wiring: Wiring, grounded: bool = False) -> Mapping[str, str]:
    """Net → the port that drives it through inverters alone, for circuits with a pair of inputs on one tail, or on a
    rail (`grounded`).

    The port drives nothing but the first inverter: what an input also does is no clock's.
    """
    ports = {*wiring.circuit.ports} - wiring.rails
    inputs: dict[tuple[str, str], set[str]] = {}
    for fet in wiring.fets:
        if fet.source not in wiring.rails and fet.gate in ports:
            inputs.setdefault((fet.type, fet.source), set()).add(fet.gate)
    if not grounded and not any(len(gates) == 2 for gates in inputs.values()):
        return {}
    found: dict[str, str] = {}
    for port in wiring.circuit.ports:
        if (
            port in ports
            and len(wiring.by_gate[port]) == 2
            and not wiring.by_drain[port]
            and not wiring.by_source[port]
        ):
            found |= {net: port for net in carried(wiring.fets, wiring.rails, port) if net != port}
    return found

"""An own divider is the one inside a regulator: resistors from its output to ground, with their tap on a gate of the
error amplifier; or none, where that gate is the output itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eda_agent.problem.draft.port_roles import has_no_sink
from eda_agent.problem.structure import Structure


@dataclass(frozen=True)
class OwnDivider:
    """`out`: the regulated port. `tap`: the net that is compared. `names`: the resistors on the tap."""

    out: str
    tap: str
    names: tuple[str, ...]

    @property
    def words(self) -> str:
        """How to measure what the closed loop does not show."""
        if not self.names:
            return (
                "the output is compared itself, so the loop cannot be opened: for its phase margin give that gate a"
                " port of its own, and use the testbenches of regulators"
            )
        names, tap = " and ".join(name.upper() for name in self.names), self.tap.removeprefix("xdut.")
        return (
            f"the divider is internal, so the loop cannot be opened: for its phase margin remove {names}, make {tap} a"
            " port, and use the testbenches of regulators, which have a divider (r_top, r_bottom)"
        )


def own_divider(structure: Structure) -> OwnDivider | None:
    """The divider of a regulator whose loop is closed inside; None for other circuits."""
    return next(own_dividers(structure), None)


def own_dividers(structure: Structure) -> Iterator[OwnDivider]:
    """The dividers of all regulators inside whose loops are closed."""
    for one, other in structure.pairs:
        for tap in (one.gate, other.gate):
            if tap in {*structure.ports} - structure.rails and _only_sources(structure, tap):
                yield OwnDivider(tap, tap, ())
                continue
            ends = _ends(structure, tap)
            outs = [net for net in ends if net in structure.ports and net not in structure.rails]
            if len(outs) == 1 and structure.vss in ends and _only_sources(structure, outs[0]):
                names = [passive.name for passive in structure.passives if passive.kind == "r" and tap in passive.nets]
                yield OwnDivider(outs[0], tap, tuple(names))


def _only_sources(structure: Structure, out: str) -> bool:
    """Whether pass devices drive a port and nothing inside pulls it down: drains of PMOS, or followers of NMOS."""
    fets = [fet for fet in structure.fets if out in (fet.drain, fet.source)]
    followers = bool(fets) and all((fet.type, fet.source, fet.drain) == ("nmos", out, structure.vdd) for fet in fets)
    return followers or has_no_sink(structure, out)


def _ends(structure: Structure, start: str) -> set[str]:
    """The nets with transistors or ports that chains of resistors lead to from a net."""
    busy = {net for fet in structure.fets for net in (fet.drain, fet.gate, fet.source)} | {*structure.ports, "0"}
    resistors = [passive.nets for passive in structure.passives if passive.kind == "r"]
    found, waiting = {start}, [start]
    ends: set[str] = set()
    while waiting:
        net = waiting.pop()
        for pair in resistors:
            if net in pair:
                after = pair[1] if pair[0] == net else pair[0]
                if after in found:
                    continue
                found.add(after)
                (ends.add if after in busy else waiting.append)(after)
    return ends

"""Wires are the capacitances between nets that an extraction found: an estimate for the schematic's simulation until
the next layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_agent.problem.logical_line import Line
from eda_agent.problem.netlist import Netlist, parse_netlist

MAX_PAIRS = 20_000


@dataclass(frozen=True)
class Wires:
    """`pairs`: (net, net, F) between nets of the circuit's own subcircuit; `source`: the extracted file."""

    pairs: tuple[tuple[str, str, float], ...]
    source: str = ""

    @property
    def total(self) -> float:
        """In F."""
        return sum(value for _, _, value in self.pairs)

    def data(self) -> dict[str, object]:
        """The data for a journal."""
        return {"source": self.source, "pairs": [list(pair) for pair in self.pairs]}


def wires_from(data: object) -> Wires | None:
    """The wires in a journal; None for none and for invalid data."""
    if not isinstance(data, Mapping) or not isinstance(data.get("pairs"), list) or len(data["pairs"]) > MAX_PAIRS:
        return None
    pairs = []
    for row in data["pairs"]:
        if not (
            isinstance(row, list) and len(row) == 3 and all(isinstance(net, str) and _plain(net) for net in row[:2])
        ):
            return None
        if isinstance(row[2], bool) or not isinstance(row[2], (int, float)) or not 0 <= row[2] < 1:
            return None
        pairs.append((row[0], row[1], float(row[2])))
    return Wires(tuple(pairs), str(data.get("source") or ""))


def _plain(net: str) -> bool:
    return 0 < len(net) < 300 and net.isprintable() and not any(mark in net for mark in " \t=(){};$'\"`")


def with_wires(netlist: Netlist, subckt: str, wires: Wires) -> Netlist:
    """The netlist with a capacitor in a subcircuit for every pair of nets."""
    lines: list[Line] = []
    inside = ""
    taken = {device.name for device in netlist.subcircuits[subckt].devices}
    names = (name for number in range(10**9) if (name := f"cwire{number}") not in taken)
    for line in netlist.lines:
        if line.card == ".subckt":
            inside = line.text.split()[1].lower()
        if line.card == ".ends" and inside == subckt:
            cards = [
                f"{name} {one} {other} {value:.6g}"
                for name, (one, other, value) in zip(names, wires.pairs, strict=False)
            ]
            lines += [Line(card, (card,), line.file, line.number) for card in cards]
        lines.append(line)
    return parse_netlist(lines)


def grouped(pairs: Sequence[tuple[str, str, float]]) -> tuple[tuple[str, str, float], ...]:
    """One row per pair of nets, the largest first."""
    sums: dict[tuple[str, str], float] = {}
    for one, other, value in pairs:
        if one != other:
            key = (min(one, other), max(one, other))
            sums[key] = sums.get(key, 0.0) + value
    return tuple((*key, value) for key, value in sorted(sums.items(), key=lambda item: -item[1]))

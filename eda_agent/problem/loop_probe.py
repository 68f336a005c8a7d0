"""A loop probe is a 0 V source in a feedback loop of a testbench, at which the loop gain is measured.

A testbench names it among its probes (`probes: {loop: vprobe}`). Its AC analysis then gives the loop gain at that place
only (see `simulation.loop_gain`); the deck's own AC sources are set to zero.

A loop inside a circuit has no place for a source. Its probe is two sources, each with the net whose voltage it drives
by a current (`loop: vfirst net vsecond net`): two places that the whole loop passes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SOURCE = re.compile(r"\s*([vi]\S*)\s+\S+\s+\S+\s*(.*)", re.IGNORECASE)
_AC = re.compile(r"(?:^|\s)ac\b\s*=?\s*(\S+)?", re.IGNORECASE)


class LoopProbeError(ValueError):
    """The deck has no such probe; the message says why."""


@dataclass(frozen=True)
class Injection:
    """The excitation of a loop.

    `voltage`: the source in the loop, `node`: the net at its plus terminal. `current`: the source from ground into the
    net at its minus terminal. `silent`: the deck's other AC sources → magnitude, which is 0 during the measurement.

    `other`: of a loop that is probed at two nets: the second net. `voltage` then excites `node`, and `current` `other`.
    """

    voltage: str
    node: str
    current: str
    silent: dict[str, float]
    other: str = ""


def with_injection(deck: str, probe: str) -> str:
    """A testbench's cards with the current source that the injection at `probe` needs.

    Raises `LoopProbeError`.
    """
    if two := _two_places(probe):
        for source in two[::2]:
            _card(deck.splitlines(), source)
        return deck
    words = _card(deck.splitlines(), probe).split()
    value = " ".join(words[3:]).lower()
    value = _AC.split(value)[0].strip().removeprefix("dc").strip(" =")
    if value not in {"", "0", "0.0"}:
        raise LoopProbeError(f"{probe} is {value}, but a loop probe must have 0 V")
    return f"{deck.rstrip()}\n{_current(probe)} 0 {words[2]} dc 0 ac 0\n"


def injection(tail: str, probe: str) -> Injection:
    """The injection at `probe` in a testbench's cards, numbers filled in. Raises `LoopProbeError`."""
    lines, silent = tail.splitlines(), ac_sources(tail)
    if two := _two_places(probe):
        first, node, second, other = two
        return Injection(first, node, second, silent, other)
    return Injection(probe.lower(), _card(lines, probe).split()[1].lower(), _current(probe), silent)


def ac_sources(tail: str) -> dict[str, float]:
    """Sources of a testbench's cards → AC magnitude, where it is not 0. Raises `LoopProbeError` for one inside a
    subcircuit.
    """
    silent: dict[str, float] = {}
    depth = 0
    for line in tail.splitlines():
        card = line.split(maxsplit=1)[0].lower() if line.strip() else ""
        depth += (card == ".subckt") - (card == ".ends")
        found = _SOURCE.match(line)
        excited = _AC.search(found[2]) if found else None
        if found is None or excited is None:
            continue
        magnitude = _magnitude(excited[1])
        if depth and magnitude:
            raise LoopProbeError(
                f"{found[1]} has an AC value inside a subcircuit, where it cannot be set to zero: remove the value, or"
                " place the source outside"
            )
        if magnitude:
            silent[found[1].lower()] = magnitude
    return silent


def _magnitude(word: str | None) -> float:
    """The number after `ac`; 1 by default, as in ngspice."""
    try:
        return float(word) if word else 1.0
    except ValueError:
        return 1.0


def _two_places(probe: str) -> list[str]:
    """The words of a probe at two nets, [] for one source."""
    words = probe.lower().split()
    return words if len(words) == 4 else []


def _current(probe: str) -> str:
    return f"i_{probe.lower()}"


def _card(lines: Sequence[str], probe: str) -> str:
    found = [
        line for line in lines if line.split(maxsplit=1)[:1] and line.split(maxsplit=1)[0].lower() == probe.lower()
    ]
    if not probe.lower().startswith("v") or len(found) != 1 or len(found[0].split()) < 3:
        raise LoopProbeError(f"the loop probe {probe} is not a voltage source of the deck")
    return found[0]

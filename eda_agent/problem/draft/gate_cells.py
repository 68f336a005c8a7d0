"""A gate cell is a stand-in for a foundry's gate whose netlist is not here: its name tells the function, its call the
order of its pins.

`sg13g2_nand2_1`, `gf180mcu_fd_sc_mcu7t5v0__nand2_1` and `ND2D1` are NANDs of two inputs. Inputs stand in their order;
supplies are nets with names of supplies; the output is the last of the other nets, or the first where two cells would
drive one net otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.pdk.registry import DeviceRule, Pdk

MARK = "_stdcell"
"""Ends the name of a stand-in whose cell's name does not show that it is one."""
_LONG = re.compile(
    r"(?:sg13g2_|gf180mcu_fd_sc_\w+?__)(?:clk)?(?P<function>inv|buf|nand|nor|and|or|decap|fill)(?P<inputs>[234]?)_\d+",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"(?P<function>INV|BUFF?|CKN|CKB|ND|NR|AN|OR|DCAP|FILL)(?P<inputs>[234]?)(?:X|D)?\d+(?:BWP\w*)?", re.IGNORECASE
)
_FUNCTIONS = {
    **{"inv": "inv", "ckn": "inv", "buf": "buf", "buff": "buf", "ckb": "buf", "nand": "nand", "nd": "nand"},
    **{"nor": "nor", "nr": "nor", "and": "and", "an": "and", "or": "or", "decap": "", "dcap": "", "fill": ""},
}
"""Word in a name → what the cell does; "" for one without a signal."""
_VOLTS = re.compile(r"_mcu\d+t(\d)v(\d)__", re.IGNORECASE)
"""The supply in the name of a GF180MCU library: its cells of 7 and 9 tracks are for 5 V."""
_WIDE = {"nmos": 4, "pmos": 8}
"""Widths in smallest lengths."""


@dataclass(frozen=True)
class _Call:
    line: int
    name: str
    nets: tuple[str, ...]
    scope: int


def gate_cells(lines: Sequence[str], pdk: Pdk, notes: list[str]) -> list[str]:
    """The lines with stand-ins for the gates that they call and do not define.

    Args:
        lines: the netlist.
        pdk: its transistors stand in the cells.
        notes: receives what was added.

    Returns:
        the lines, unchanged if there is none, or if a cell's supplies are not known.
    """
    words = [line.split() for line in lines]
    defined = {one[1].lower() for one in words if len(one) > 1 and one[0].lower() == ".subckt"}
    calls = [call for call in _calls(words) if call.name.lower() not in defined and _meaning(call.name)]
    shapes = {call.name.lower(): call for call in reversed(calls)}
    ways = {name: way for name, call in shapes.items() if (way := _pins(call)) is not None}
    fets = [_device(pdk, kind, name) for kind in _WIDE for name in shapes]
    if not calls or len(ways) < len(shapes) or None in fets:
        return list(lines)
    ways = _with_outputs(calls, ways)
    result = list(lines)
    for call in calls:
        if (new := _named(call.name)) != call.name:
            result[call.line] = re.sub(rf"(?<=\s){re.escape(call.name)}(?!\S)", new, lines[call.line])
    end = next((at for at, one in enumerate(words) if one and one[0].lower() == ".end"), len(lines))
    bodies = [line for name, way in ways.items() for line in _cell(_named(name), way, pdk)]
    notes.append(
        f"{', '.join(dict.fromkeys(call.name for call in calls))}: the netlist of these gates is not here, so gates of"
        f" {pdk.name}'s transistors took their place by name; they keep their sizes"
    )
    return [*result[:end], f"* gates in the place of cells that are not here, {pdk.name}", *bodies, *result[end:]]


def is_gate(name: str) -> bool:
    """Whether a cell's name tells a gate of a foundry."""
    return _meaning(name) is not None


def _meaning(name: str) -> tuple[str, int] | None:
    """(function, number of inputs) that a cell's name tells, None if it tells none."""
    found = _LONG.fullmatch(name) or _SHORT.fullmatch(name)
    if found is None:
        return None
    function = _FUNCTIONS[found["function"].lower()]
    inputs = int(found["inputs"] or "1") if function else 0
    # `ND1` and `INV2` are no such names: their digit is the drive
    return (function, inputs) if (inputs > 1) == (function in {"nand", "nor", "and", "or"}) else None


def _named(name: str) -> str:
    return name if _LONG.fullmatch(name) else f"{name}{MARK}"


def _calls(words: Sequence[Sequence[str]]) -> Iterable[_Call]:
    scope = 0
    for number, one in enumerate(words):
        if one and one[0].lower() == ".subckt":
            scope = number + 1
        elif one and one[0].lower() == ".ends":
            scope = 0
        elif one and one[0][:1].lower() == "x":
            plain = [word for word in one[1:] if "=" not in word and word != "/"]
            if plain:
                yield _Call(number, plain[-1], tuple(plain[:-1]), scope)


@dataclass(frozen=True)
class _Way:
    """`vdd`, `vss`, `signals`: places of the pins. `first`: the output is the first signal."""

    pins: int
    vdd: int
    vss: int
    signals: tuple[int, ...]
    function: str
    first: bool = False


def _pins(call: _Call) -> _Way | None:
    function, inputs = _meaning(call.name) or ("", 0)
    high = [at for at, net in enumerate(call.nets) if named("vdd", net)]
    low = [at for at, net in enumerate(call.nets) if net == "0" or named("vss", net)]
    signals = tuple(at for at in range(len(call.nets)) if at not in {*high, *low})
    # wells may have pins of their own
    one_each = len({call.nets[at].lower() for at in high}) == len({call.nets[at].lower() for at in low}) == 1
    if not one_each or len(signals) != (inputs + 1 if function else 0):
        return None
    return _Way(len(call.nets), high[0], low[0], signals, function)


def _with_outputs(calls: Sequence[_Call], ways: dict[str, _Way]) -> dict[str, _Way]:
    """The ways with the output where no two cells drive one net."""

    def fights(place: int) -> int:
        driven = Counter(
            (call.scope, call.nets[way.signals[place]])
            for call in calls
            if (way := ways[call.name.lower()]).function and len(call.nets) == way.pins
        )
        return sum(count - 1 for count in driven.values())

    first = fights(0) < fights(-1)
    return {name: _Way(way.pins, way.vdd, way.vss, way.signals, way.function, first) for name, way in ways.items()}


def _device(pdk: Pdk, kind: str, cell: str) -> DeviceRule | None:
    """The transistors of a cell: those for the voltage in its name, else the PDK's first."""
    found = [rule for rule in pdk.devices.values() if rule.type == kind and rule.sized]
    volts = _VOLTS.search(cell)
    made = [rule for rule in found if volts and rule.supply == float(f"{volts[1]}.{volts[2]}")]
    return next(iter([*made, *found]), None)


def _cell(name: str, way: _Way, pdk: Pdk) -> list[str]:
    """The lines of a cell."""
    signals = (*way.signals[1:], way.signals[0]) if way.first else way.signals
    pins = [f"p{at}" for at in range(way.pins)]
    vdd, vss = pins[way.vdd], pins[way.vss]
    lines: list[str] = []

    def fet(kind: str, drain: str, gate: str, source: str) -> None:
        rule = _device(pdk, kind, name)
        assert rule is not None
        length = rule.length[0]
        width = max(rule.width[0], _WIDE[kind] * length)
        unit = "" if pdk.subcircuits and pdk.scale != 1.0 else "u"
        letter, bulk = "X" if pdk.subcircuits else "M", vdd if kind == "pmos" else vss
        sizes = f"w={width * 1e6:.6g}{unit} l={length * 1e6:.6g}{unit}"
        lines.append(f"{letter}{len(lines) + 1} {drain} {gate} {source} {bulk} {rule.name} {sizes}")

    if way.function:
        inputs, out = [pins[at] for at in signals[:-1]], pins[signals[-1]]
        stage = out if way.function in {"inv", "nand", "nor"} else "n0"
        across, rail, row, foot = ("nmos", vss, "pmos", vdd) if way.function in {"nand", "and"} else (
            "pmos", vdd, "nmos", vss)  # fmt: skip
        for number, gate in enumerate(inputs):
            # one type in series, the other in parallel
            above = stage if number == 0 else f"s{number}"
            fet(across, above, gate, rail if number == len(inputs) - 1 else f"s{number + 1}")
            fet(row, stage, gate, foot)
        if stage != out:
            fet("nmos", out, stage, vss)
            fet("pmos", out, stage, vdd)
    return [f".subckt {name} {' '.join(pins)}", *lines, f".ends {name}"]

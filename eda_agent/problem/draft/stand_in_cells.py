"""A stand-in cell takes the place of a standard cell whose netlist is not here: it has the same pins and function, and
transistors of the same foundry. The logic around an analog circuit needs no more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.source import read_text

_CELL = re.compile(r"sky130_fd_sc_(?P<library>\w+?)__(?P<function>\w+?)(?:_(?P<drive>\d+))?", re.IGNORECASE)
"""Library, function and drive strength in the name of a SKY130 cell. The libraries have the same pins in the same order
(SkyWater PDK, docs/contents/libraries)."""
_INSTALLED = "hd"
"""The library that a package brings."""
_HIGH_VOLTAGE = "hvl"
_N, _P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
_HIGH_N, _HIGH_P = "sky130_fd_pr__nfet_g5v0d10v5", "sky130_fd_pr__pfet_g5v0d10v5"
_LEVEL_SHIFTERS = {
    # two low inverters drive a high latch; an inverter of high devices follows it
    "lsbuflv2hv": f"""X1 an A VGND VNB {_N} w=1 l=0.15
X2 an A LVPWR LVPWR {_P} w=1 l=0.15
X3 at an VGND VNB {_N} w=1 l=0.15
X4 at an LVPWR LVPWR {_P} w=1 l=0.15
X5 xn at VGND VNB {_HIGH_N} w=10 l=0.5
X6 xp an VGND VNB {_HIGH_N} w=10 l=0.5
X7 xn xp VPWR VPB {_HIGH_P} w=0.42 l=1
X8 xp xn VPWR VPB {_HIGH_P} w=0.42 l=1
X9 X xn VGND VNB {_HIGH_N} w=1 l=0.5
X10 X xn VPWR VPB {_HIGH_P} w=2 l=0.5""",
    # high devices that stand on the low supply
    "lsbufhv2lv": f"""X1 an A VGND VNB {_HIGH_N} w=2 l=0.5
X2 an A LVPWR LVPWR {_HIGH_P} w=4 l=0.5
X3 X an VGND VNB {_HIGH_N} w=2 l=0.5
X4 X an LVPWR LVPWR {_HIGH_P} w=4 l=0.5""",
}
_SHIFTER_PINS = "A LVPWR VGND VNB VPB VPWR X"
_NARROW = re.compile(r"(sky130_fd_pr__)special_((?:nfet_01v8|pfet_01v8_hvt)\b.*)", re.IGNORECASE)
_MIN_WIDTH = 0.42
"""Of the plain devices, um: the special ones are the narrower devices of digital cells."""


def stand_in(name: str, pdk: Pdk) -> list[str]:
    """The lines of a subcircuit with the pins and the function of a cell; [] if its function is not known here."""
    if (found := _CELL.fullmatch(name)) is None:
        return []
    library, function = found["library"].lower(), found["function"].lower()
    if library == _HIGH_VOLTAGE and function in _LEVEL_SHIFTERS:
        return [f".subckt {name} {_SHIFTER_PINS}", *_LEVEL_SHIFTERS[function].splitlines(), f".ends {name}"]
    drives = dict.fromkeys([found["drive"] or "1", "1", "2", "4", "8"])
    names = [f"sky130_fd_sc_{_INSTALLED}__{function}_{drive}" for drive in drives]
    path = next((path for one in names if (path := pdk.standard_cell(one)) is not None), None)
    if path is None:
        return []
    lines = [line for line in read_text(path, []).splitlines() if line.strip() and not line.startswith("*")]
    lines = [re.sub(rf"\b{path.stem}\b", name, line, flags=re.IGNORECASE) for line in lines]
    return [_high(line) for line in lines] if library == _HIGH_VOLTAGE else lines


def with_plain_devices(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines with the narrow transistors of SKY130's digital cells as the plain ones, 0.42 um wide."""
    result = []
    for line in lines:
        if found := _NARROW.search(line):
            notes.append(f"{found[1]}special_{found[2].split()[0]} became the plain device, {_MIN_WIDTH} um wide")
            rest = re.sub(r"\bw\s*=\s*\S+", f"w={_MIN_WIDTH}", found[2], flags=re.IGNORECASE)
            line = f"{line[: found.start()]}{found[1]}{rest}"
        result.append(line)
    return result


def _high(line: str) -> str:
    """A line of a 1.8 V cell with 5 V devices of their shortest length."""
    found = re.fullmatch(r"(x.*\s)(sky130_fd_pr__(?:special_)?([np])fet_01v8\w*)(.*)", line, re.IGNORECASE)
    if found is None:
        return line
    model = _HIGH_N if found[3].lower() == "n" else _HIGH_P
    sizes = re.sub(r"\bl\s*=\s*\S+", "l=0.5", found[4], flags=re.IGNORECASE)
    return f"{found[1]}{model}{sizes}"

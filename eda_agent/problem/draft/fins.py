"""Fins are the parallel channels of a FinFET: `w=27n nfin=28`, or `nfin=8` alone. A planar device in its place has
the whole width of them.
"""

from __future__ import annotations

import re

from eda_agent.problem.draft.bare import polarity_of
from eda_agent.problem.draft.lengths import SIZE, number_of
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.units import format_quantity

_FINS = re.compile(r"(?<=\s)nfin\s*=\s*('[^']*'|\{[^}]*\}|[\w.]+)", re.IGNORECASE)
_MODEL = re.compile(r"^\s*\.model\b", re.IGNORECASE | re.MULTILINE)
_DEVICE = re.compile(
    r"^[ \t]*[mx]\S*(?:[ \t]+[^\s=]+){4}[ \t]+([^\s=]+)(?=[ \t]+\w+[ \t]*=).*(?:\n[ \t]*\+.*)*", re.I | re.M
)
"""A MOSFET, or a call with four nodes and settings, with its continuation lines."""
_OWN = re.compile(r"^\s*\.subckt\s+(\S+)", re.IGNORECASE | re.MULTILINE)
_WIDTH = 100e-9
"""m: channel of a fin of about 45 nm height, both sides and its top, where the netlist has no width."""


def without_fins(text: str, pdk: Pdk, notes: list[str]) -> str:
    """The text with the widths of all fins together, if the PDK's devices take the place of FinFETs."""
    if not pdk.devices or _MODEL.search(text):
        return text
    known = {name.lower() for name in _OWN.findall(text)} | {name.lower() for name in pdk.devices}
    found = [device for device in _DEVICE.finditer(text) if _is_finfet(device, known)]
    counts = [number_of(fins[1]) for device in found if not _widths(device[0]) and (fins := _FINS.search(device[0]))]
    fewest = min((count for count in counts if count), default=1.0)
    smallest = max((rule.width[0] for rule in pdk.devices.values() if rule.type in {"nmos", "pmos"}), default=0.0)
    one = max(_WIDTH, smallest / fewest)
    said = set()
    for device in reversed(found):
        whole, widths = device[0], _widths(device[0])
        fins = _FINS.search(whole)
        if fins is None or len(widths) > 1 or (widths and number_of(fins[1]) is None):
            continue
        if widths:
            width = f"{(number_of(widths[0][2]) or 0.0) * (number_of(fins[1]) or 1.0):.6g}"
            whole = _FINS.sub("", whole.replace(widths[0][0], f"{widths[0][1]}={width}", 1))
            said.add("the number of fins times w")
        else:
            count = number_of(fins[1])
            inner = fins[1].strip("'{} ")
            width = f"{{({inner})*{one:.6g}}}" if count is None else f"{count * one:.6g}"
            whole = _FINS.sub(lambda _, width=width: f"w={width}", whole)  # type: ignore[misc]  # a lambda with a default
            said.add(f"{format_quantity(one, 'm', 3)} for each")
        text = text[: device.start()] + whole + text[device.end() :]
    notes.extend(f"fins (nfin) became the width of a planar device: {how}" for how in sorted(said))
    return text


def _is_finfet(device: re.Match[str], known: set[str]) -> bool:
    if not _FINS.search(device[0]):
        return False
    return device[0].lstrip()[0].lower() == "m" or (bool(polarity_of(device[1])) and device[1].lower() not in known)


def _widths(line: str) -> list[re.Match[str]]:
    return [found for found in SIZE.finditer(line) if found[1].lower() == "w" and number_of(found[2]) is not None]

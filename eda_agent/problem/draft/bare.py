"""A bare device is a MOSFET that a netlist names by polarity alone, or without W and L, as topology generators write
them.

`with_devices` gives it the PDK's device of that polarity and an initial width and length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.problem.draft.raised_names import named_sizes, with_raised_names
from eda_agent.problem.draft.raised_sizes import FINGERS, with_raised_sizes
from eda_agent.problem.pdk.registry import DeviceRule, Pdk
from eda_agent.units import format_quantity

_MOS = re.compile(r"^\s*(m\S*(?:\s+[^\s=]+){4})\s+([^\s=]+)(.*)$", re.IGNORECASE)
_CALL = re.compile(r"^\s*(x\S*(?:\s+[^\s=]+){4})\s+([^\s=]+)((?:\s+[^\s=]+\s*=.*)?)$", re.IGNORECASE)
"""A call with four nodes and settings, as foundries write their MOSFETs."""
_POLARITIES = {
    "n": "nmos",
    "nmos": "nmos",
    "nmos4": "nmos",
    "nch": "nmos",
    "nfet": "nmos",
    "p": "pmos",
    "pmos": "pmos",
    "pmos4": "pmos",
    "pch": "pmos",
    "pfet": "pmos",
}
_NAMED = re.compile(r"([np])(?:mos|ch|fet|mosfet)?(?:[_\d].*)?$", re.IGNORECASE)
"""Names of a model that show its polarity: nmos_rvt, nch_lvt_mac, p18."""
# times the smallest length, because short devices have no gain; and W over L, larger for the slower holes
WITHOUT_SIZES = "devices without sizes"
_LENGTHS = 3.0
_SHAPE = {"nmos": 10.0, "pmos": 20.0}


def with_devices(lines: Sequence[str], pdk: Pdk, notes: list[str], supply: float = 0.0) -> list[str]:
    """The lines with every bare device replaced by one of the PDK's. A PDK without devices of its own leaves them
    unchanged.

    `supply`: of the netlist in V, 0 if unknown: devices that endure it come first.
    """
    defined = {
        words[1].lower()
        for line in lines
        if (words := line.split()) and words[0].lower() in {".model", ".subckt"} and len(words) > 1
    }
    result = []
    least: dict[str, float] = {}
    for number, line in enumerate(lines):
        found = _MOS.match(line) or _foreign_call(lines, number, pdk)
        rule = _rule(found[2], pdk, supply) if found and found[2].lower() not in defined else None
        if found is None or rule is None:
            result.append(line)
            continue
        own = found[3]
        if rule.name != found[2].lower():
            notes.append(f"model {found[2]} was replaced by {rule.name}")
            own = with_raised_sizes(own, found[1].split()[0], rule, notes)
        sized = found[3] + "".join(_continuation(lines, number + 1))
        if rule.name != found[2].lower() and not FINGERS.search(sized):
            for name, size in named_sizes(sized, {"w": rule.width[0], "l": rule.length[0]}).items():
                least[name] = max(size, least.get(name, 0.0))
        # a call of another foundry's device becomes an M line, whose sizes are in metres
        result.append(f"M{found[1].lstrip()[1:]} {rule.name}{own}{_sizes(sized, rule, pdk, notes)}")
    return with_raised_names(result, least, notes)


def _foreign_call(lines: Sequence[str], number: int, pdk: Pdk) -> re.Match[str] | None:
    """The call of a MOSFET of another foundry, W and L among its settings."""
    found = _CALL.match(lines[number])
    if found is None or not pdk.subcircuits or pdk.device(found[2]) is not None:
        return None
    whole = found[3] + "".join(_continuation(lines, number + 1))
    sized = all(re.search(rf"(?<![\w]){side}\s*=", whole, re.IGNORECASE) for side in "wl")
    return found if sized and _NAMED.match(found[2]) else None


def polarity_of(model: str) -> str:
    """nmos or pmos by the name of a model, "" if it shows none."""
    named = _NAMED.match(model)
    return _POLARITIES.get(model.lower()) or ({"n": "nmos", "p": "pmos"}[named[1].lower()] if named else "")


def _rule(model: str, pdk: Pdk, supply: float) -> DeviceRule | None:
    polarity = polarity_of(model)
    able = [rule for rule in pdk.devices.values() if rule.type == polarity]
    # a device without a rating of its own is one of the usual supply
    enduring = [rule for rule in able if supply <= 1.1 * (rule.rated or pdk.supply) and rule.sized]
    return pdk.device(model) or next(iter(enduring or able), None)


def _continuation(lines: Sequence[str], start: int) -> list[str]:
    result = []
    for line in lines[start:]:
        if not line.lstrip().startswith("+"):
            break
        result.append(" " + line.lstrip()[1:])
    return result


def _sizes(text: str, rule: DeviceRule, pdk: Pdk, notes: list[str]) -> str:
    """` W=… L=…`, in metres, for the sizes that the device lacks."""
    missing = [side for side in ("w", "l") if not re.search(rf"(?<![\w]){side}\s*=", text, re.IGNORECASE)]
    if not missing:
        return ""
    start = starting_sizes(rule, pdk)
    said = ", ".join(f"{side.upper()} = {format_quantity(start[side], 'm')}" for side in missing)
    notes.append(f"{WITHOUT_SIZES}: {said} for {rule.name}")
    return "".join(f" {side.upper()}={start[side] * 1e6:.6g}u" for side in missing)


def starting_sizes(rule: DeviceRule, pdk: Pdk) -> dict[str, float]:
    """W and L (m) with which a MOSFET without sizes starts."""
    grid = 2 * pdk.grid
    length = round(_LENGTHS * rule.length[0] / grid) * grid
    return {"w": max(rule.width[0], round(_SHAPE[rule.type] * length / grid) * grid), "l": length}

"""The range of a size that a draft proposes: legal in the PDK, and around the netlist's own value."""

from __future__ import annotations

import math
import re

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.groups import grouped
from eda_agent.problem.draft.legal_range import legal_range
from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.size_places import (
    COUNTS,
    evaluated,
    fingers_of,
    initial_value,
    is_count,
    own_value,
    place_unit,
    uses_of,
)
from eda_agent.units import format_quantity, likely_mix_up, plain_number

_LARGE = 0.1
"""m: a width or length from here on is one without its prefix."""


def side_of(draft: Draft, device: Device, parameter: str) -> str:
    """`w` or `l` for what the device calls its width or length, else the parameter."""
    rule = draft.pdk.device(device.value) if device.kind == "x" else None
    return rule.side(parameter) if rule is not None else parameter


def spelled(draft: Draft, edit: Edit) -> str:
    """A place as a spec names it: a parameter as the netlist spells it, M1.w, or CELL.M1.w."""
    if edit.device:
        path = edit.device.upper() if edit.scope == draft.subckt else f"{edit.scope}.{edit.device}"
        return f"{path}.{edit.attribute}"
    found = re.search(rf"(?<![\w.])({re.escape(edit.attribute)})\s*=", draft.netlist_text, re.IGNORECASE)
    return found[1] if found else edit.attribute


def range_of(draft: Draft, edit: Edit) -> tuple[str, str, str, str]:
    """(min, max, step, scale) as text, legal in the PDK and around the netlist's own value."""
    uses = [(device, side_of(draft, device, key)) for device, key in uses_of(edit, draft.netlist, draft.subckt)]
    counted = is_count(edit, uses)
    uses.sort(key=lambda use: use[1] not in (COUNTS if counted else {"w", "l", "m", "value"}))
    device, key = uses[0]
    unit, scale = place_unit(edit, draft.netlist, draft.subckt, draft.pdk)
    start = (initial_value(edit, draft.netlist, draft.subckt) or 1.0) * scale
    rule = draft.pdk.device(device.value)
    if rule is not None and key in rule.counts:
        return "1", str(rule.counts[key]), "1", "log"
    if key in COUNTS:
        return "1", f"{max(20, math.ceil(4 * start))}", "1", "log"
    if unit == "m":
        if start >= _LARGE:
            said = (
                f"{spelled(draft, edit)} is {start:g} m, which no transistor is: sizes are in metres;"
                f" if micrometres are meant, write {start / scale:g}u in the netlist"
            )
            draft.noticed += [said] if said not in draft.noticed else []
        followers = _followers(draft, edit)
        devices = [*(other for other, _ in uses), *(other for other, _ in followers)]
        rules = [rule for other in devices if (rule := draft.pdk.device(other.value)) is not None]
        least = (
            max((rule.width if key == "w" else rule.length)[0] for rule in rules)
            if rules
            else min(_smallest(draft, key), start)
        )
        most = min((rule.width if key == "w" else rule.length)[1] for rule in rules) if rules else start * 20
        grid = 2 * draft.pdk.grid
        if rules and not any(rule.is_fet for rule in rules):
            low, high = (round(bound / grid) * grid for bound in (max(least, start / 10), min(most, start * 10)))
            return _plain(low), _plain(max(high, low + grid)), _plain(grid), "log"
        if key == "w":
            # the models' widths and the grid apply to a finger
            fingers = [
                fingers_of(other, edit.scope or draft.subckt, draft.netlist, draft.subckt) or 1.0 for other, _ in uses
            ]
            fingers += [count for _, count in followers]
            least, most = least * max(fingers), most * (min(fingers) if rules else 1.0)
            grid *= fingers[0] if len(set(fingers)) == 1 else 1.0
        top = max(50e-6, 5 * start) if key == "w" else max(8 * least, 4 * start)
        low = math.ceil(least / grid - 1e-9) * grid
        high = min(math.floor(most / grid + 1e-9) * grid, _nice(top))
        if not edit.device:
            # values computed from a parameter must stay legal too
            ends = legal_range(draft, edit, low / scale, max(high, low + grid) / scale, start / scale)
            before = low, high
            low, high = (
                math.ceil(ends[0] * scale / grid - 1e-6) * grid,
                math.floor(ends[1] * scale / grid + 1e-6) * grid,
            )
            if not math.isclose(high, before[1]) or not math.isclose(low, before[0]):
                note = (
                    f"the range of {spelled(draft, edit)} is {_plain(low)} to {_plain(high)}: beyond it a size that"
                    " follows it leaves the models"
                )
                draft.noticed += [note] if note not in draft.noticed else []
        return _plain(low), _plain(max(high, low + grid)), _plain(grid), "log"
    if start <= 0:
        return _plain(start), _plain(start or 1.0), "", "lin"
    if key in {"w", "l"}:
        ends = legal_range(draft, edit, start / 30, start * 30, start)
        return _plain(ends[0]), _plain(ends[1]), "", "log"
    spread = {"c": 20.0, "l": 5.0}.get(device.kind, 30.0)
    if (
        key == "value"
        and not edit.device
        and (within := _within(draft, edit, device, start / scale, spread)) is not None
    ):
        return _clear(within[0] * scale, unit), _clear(within[1] * scale, unit), "", "log"
    return _clear(_nice(start / spread), unit), _clear(_nice(start * spread), unit), "", "log"


def _within(draft: Draft, edit: Edit, device: Device, start: float, spread: float) -> tuple[float, float] | None:
    """The ends of a parameter at which a value that is not proportional to it is `spread` times smaller or larger; None
    for one that is.
    """

    def value(at: float) -> float | None:
        return evaluated(device.value, edit, at, draft.netlist, draft.subckt)

    now, twice = value(start), value(2 * start)
    if now is None or twice is None or now <= 0 or math.isclose(twice, 2 * now, rel_tol=1e-6):
        return None
    ends = []
    for far in (start / spread, start * spread):
        near = start
        for _ in range(30):
            middle = (near * far) ** 0.5
            seen = value(middle)
            inside = seen is not None and 1 / spread <= seen / now <= spread
            near, far = (middle, far) if inside else (near, middle)
        ends.append(float(f"{near:.3g}"))
    return ends[0], ends[1]


def _followers(draft: Draft, edit: Edit) -> list[tuple[Device, float]]:
    """The devices whose width or length follows this one, each with its number of fingers."""
    path = edit.device if edit.scope == draft.subckt else f"{edit.scope}.{edit.device}"
    result = []
    for names, attribute in grouped(draft).equal:
        for name in names[1:] if attribute == edit.attribute and names[0] == path else ():
            cell, _, device = name.rpartition(".")
            scope = draft.netlist.subcircuits[cell or draft.subckt]
            if (found := scope.device(device)) is not None:
                result.append((found, fingers_of(found, scope.name, draft.netlist, draft.subckt) or 1.0))
    return result


def _smallest(draft: Draft, key: str) -> float:
    """The smallest length (m) in the netlist, for models without known limits; a width may be as small as a length."""
    found = [
        own_value(Edit(scope.name, device.name, side), draft.netlist, draft.subckt)
        for scope in draft.netlist.reached(draft.subckt)
        for device in scope.devices
        for side in {key, "l"}
        if device.params.get(side)
    ]
    return min((value for value in found if value is not None and value > 0), default=1e-6)


def _nice(value: float) -> float:
    return float(f"{value:.1g}")


def _clear(value: float, unit: str) -> str:
    """A value as text; without a prefix where the reader of a spec would ask whether m means M."""
    text = _plain(value)
    return plain_number(value, 6) if likely_mix_up(text, value, unit) else text


def _plain(value: float) -> str:
    return format_quantity(value, digits=6).replace(" ", "")

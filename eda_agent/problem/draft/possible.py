"""A possible answer is one that circuits endure: a voltage of the user near the supply or the rating of devices."""

from __future__ import annotations

from eda_agent.errors import Finding, InputError
from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.conditions import supply_of
from eda_agent.units import format_quantity

_SUPPLIES = 1.5
"""A voltage above this many supplies is a slip, unless a device is rated for it."""
_MOST_AMPERES = 1.0
"""A: no bias port of an integrated circuit takes more."""


def check_possible(draft: Draft) -> None:
    """Raise `InputError` for a voltage or current of the user's that no such circuit has, every one at once."""
    called = {device.value for scope in draft.netlist.subcircuits.values() for device in scope.devices}
    rated = [rule.rated for name in called if (rule := draft.pdk.device(name)) is not None and rule.rated is not None]
    supply = supply_of(draft)
    most = max(_SUPPLIES * supply, *rated) if rated else _SUPPLIES * supply
    said = f"the supply is {format_quantity(supply, 'V')}"
    fix = f"a voltage from {format_quantity(-most, 'V')} to {format_quantity(most, 'V')}, or --supply first"
    faults = []
    if draft.answers.vcm is not None and draft.answers.vcm > most:
        text = format_quantity(draft.answers.vcm, "V")
        faults.append(Finding(f"the common mode {text} is out of range: {said}", where="--vcm", fix=fix))
    for port, held in draft.answers.bias.items():
        how = draft.kind.bias.get(port, "")
        if how == "voltage" and abs(held.value) > most:
            text = format_quantity(held.value, "V")
            faults.append(Finding(f"{port}={text} is out of range: {said}", where="--bias", fix=fix))
        if how in {"source", "sink"} and abs(held.value) > _MOST_AMPERES:
            text = format_quantity(held.value, "A")
            faults.append(
                Finding(f"{port}={text} is out of range", where="--bias", fix=f"a current below {_MOST_AMPERES:g} A")
            )
    if faults:
        raise InputError(faults)

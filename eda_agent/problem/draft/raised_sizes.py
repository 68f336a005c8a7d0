"""A raised size is one of another foundry's device that is below the smallest of the device that takes its place."""

from __future__ import annotations

import re

from eda_agent.problem.draft.lengths import SIZE, number_of
from eda_agent.problem.pdk.registry import DeviceRule
from eda_agent.units import format_quantity

FINGERS = re.compile(r"(?<![\w])(?:nf|ng)\s*=\s*['{]?\s*(?!1\s*['}]?(?:\s|$))", re.IGNORECASE)


def with_raised_sizes(sizes: str, device: str, rule: DeviceRule, notes: list[str]) -> str:
    """The settings of an M line, in metres, with W and L of at least the smallest of `rule`. A width in several fingers
    stays.
    """
    least = {"w": rule.width[0], "l": rule.length[0]}
    if FINGERS.search(sizes):
        del least["w"]

    def raised(found: re.Match[str]) -> str:
        side, number = found[1].lower(), number_of(found[2])
        if side not in least or number is None or not 0 < number < least[side] * (1 - 1e-9):
            return found[0]
        now, then = (format_quantity(value, "m") for value in (number, least[side]))
        notes.append(f"{side.upper()} of {device.upper()} is {now}, below the smallest of {rule.name}: now {then}")
        return f"{found[1]}={least[side] * 1e6:.6g}u"

    return SIZE.sub(raised, sizes)

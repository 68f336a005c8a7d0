"""A foundry call is a line that calls a PDK's device; some programs write it with sizes in metres or with one node more
than the PDK's subcircuit has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.problem.draft.lengths import has_length, in_metres, in_micrometres, times
from eda_agent.problem.draft.named_sizes import has_metres, named_in_metres, with_named_sizes, with_sums_in_unit
from eda_agent.problem.draft.raised_sizes import with_raised_sizes
from eda_agent.problem.pdk.registry import DeviceRule, Pdk


def closed(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines with the `.ends` that the last subcircuit lacks (xschem may leave it commented)."""
    depth, end, name = 0, len(lines), ""
    for number, line in enumerate(lines):
        words = line.split()
        card = words[0].lower() if words else ""
        if card == ".subckt" and len(words) > 1:
            depth, name = depth + 1, words[1]
        elif card == ".ends":
            depth -= 1
        elif card == ".end":
            end = number
            break
    if depth != 1:
        return list(lines)
    notes.append(f".subckt {name} was closed: its .ends is missing")
    return [*lines[:end], f".ends {name}", *lines[end:]]


_MICRO = 1e-6
_ENDS = 2
"""Nodes of a resistor without its substrate."""


def foundry_calls(lines: Sequence[str], pdks: Sequence[Pdk], notes: list[str]) -> list[str]:
    """The lines with the calls of PDK devices in the PDK's unit and with its number of nodes."""
    result: list[str] = []
    factor = to_unit = 1.0
    converted: set[int] = set()
    for number, line in enumerate(lines):
        if line.lstrip().startswith("+"):
            result.append(times(with_sums_in_unit(line, factor), factor) if factor != 1.0 else line)
            if factor != 1.0:
                converted.add(number)
            continue
        factor = 1.0
        if line.lstrip()[:1].lower() == "x":
            line = re.sub(r"(?<!\s)\s*+=\s*+", "=", line)
        found = _called(line, pdks)
        if found is None:
            result.append(line)
            continue
        pdk, rule = found
        whole = " ".join([line, *_continued(lines, number + 1)])
        metres = has_length(whole) or has_metres(whole) or named_in_metres(whole, lines)
        if rule.is_fet and pdk.scale != 1.0 and in_metres(whole) and metres:
            factor = to_unit = 1.0 / pdk.scale
            converted.add(number)
            notes.append(f"sizes of {pdk.name}'s devices in metres: now in its unit")
        elif rule.is_fet and pdk.scale == 1.0 and in_micrometres(whole):
            factor = _MICRO
            notes.append(f"sizes of {pdk.name}'s devices without a unit, which would be metres: taken as micrometres")
        line = _with_nodes(line, rule, notes)
        if rule.is_fet and pdk.scale == factor == 1.0:
            # a release of the PDK may have the device in a shorter length
            line = with_raised_sizes(line, line.split()[0], rule, notes)
        result.append(times(with_sums_in_unit(line, factor), factor) if factor != 1.0 else line)
    return result if to_unit == 1.0 else with_named_sizes(result, converted, to_unit, notes)


def _called(line: str, pdks: Sequence[Pdk]) -> tuple[Pdk, DeviceRule] | None:
    # an expression in quotes may have blanks
    plain = [word for word in re.sub(r"'[^']*'", "''", line).split() if "=" not in word]
    if len(plain) < 3 or plain[0][:1].lower() != "x":
        return None
    return next(((pdk, rule) for pdk in pdks if pdk.subcircuits and (rule := pdk.device(plain[-1])) is not None), None)


def _continued(lines: Sequence[str], start: int) -> list[str]:
    result = []
    for line in lines[start:]:
        if not line.lstrip().startswith("+"):
            break
        result.append(line)
    return result


def _with_nodes(line: str, rule: DeviceRule, notes: list[str]) -> str:
    """A bipolar's call without a substrate node that the PDK's subcircuit does not have, and a resistor's with the one
    that it has.
    """
    words = line.split()
    at = max(number for number, word in enumerate(words) if "=" not in word)
    if rule.type == "resistor" and at - 1 == rule.terminals - 1 == _ENDS:
        notes.append(f"{rule.name} has {rule.terminals} nodes: its substrate, which is missing, became ground")
        return " ".join([*words[:at], "0", *words[at:]])
    bipolar = rule.type in {"npn", "pnp", "bipolar"}
    if not bipolar or at - 1 != rule.terminals + 1:
        return line
    notes.append(f"{rule.name} has {rule.terminals} nodes: the substrate node after them was left out")
    return " ".join([*words[: at - 1], *words[at:]])

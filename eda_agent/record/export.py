"""Exporting writes a sizing into the original netlist and keeps every comment and the order of lines."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import replace

from eda_agent.problem.drawn import JUNCTIONS, Drawn
from eda_agent.problem.expression import strip_quotes
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.parallel import parallel
from eda_agent.problem.size_places import FINGERS, own_value, uses_of
from eda_agent.problem.spec import Problem
from eda_agent.spice_numbers import parse_spice_number


def sized_netlist(problem: Problem, sizing: Mapping[str, float], *, drawn: bool = True) -> str:
    """The netlist with the sizes; values that do not change keep their text.

    `drawn`: with the fingers and junctions of the layout that was simulated, on lines that have none.

    If the foundry's subcircuit ignores `m=` in ngspice, a device with a multiplier becomes parallel instances, so that
    the netlist is the simulated circuit. Raises `MissingError` if that needs a library that is missing on this machine.
    """
    # the layout brings its own wires
    problem = replace(problem, wires=None)
    drawing = Drawn(problem, added=drawn)
    apart = parallel(replace(problem, netlist=drawing.netlist), drawing.edits(sizing))
    changed = _changed(drawing, sizing) | {Edit(*line, "m"): "" for line in apart.copies}
    return with_fingers(drawing.netlist.text(changed, copies=apart.copies, remarks=apart.remarks))


_SEVERAL = re.compile(r"(?im)^(?:[^*\n]*\s)?nf\s*=\s*(?!['{]?\s*1(?:\.0*)?\s*['}]?(?:\s|$))")
_END = re.compile(r"(?im)^\s*\.end\s*$")
_FINGERS = "* devices with several fingers have the model card of one finger's width\n.option wnflag=1\n"


def with_fingers(text: str) -> str:
    """A netlist with ngspice's option `wnflag=1` if it has devices with several fingers: otherwise plain ngspice
    chooses a model card by the total width.
    """
    if not _SEVERAL.search(text) or re.search(r"(?im)^\s*\.option[^\n]*\bwnflag\s*=\s*1", text):
        return text
    end = _END.search(text)
    if end is None:
        return f"{text.rstrip()}\n{_FINGERS}"
    return f"{text[: end.start()]}{_FINGERS}{text[end.start() :]}"


def only_drawn(problem: Problem, sizing: Mapping[str, float]) -> list[str]:
    """The devices that keep their sizes and get fingers or junctions of the layout that their lines do not have."""
    drawn = Drawn(replace(problem, wires=None))
    changed = _changed(drawn, sizing)
    attributes: dict[tuple[str, str], set[str]] = {}
    for edit in changed:
        uses = [(edit.device, edit.attribute)] if edit.device else []
        if not edit.device:
            uses = [(device.name, key) for device, key in uses_of(edit, problem.netlist, problem.subckt)]
        for device, key in uses:
            attributes.setdefault((edit.scope or problem.subckt, device), set()).add(key)
    result = []
    for (scope, name), keys in attributes.items():
        own = problem.netlist.subcircuits[scope].device(name)
        if own is not None and keys <= {*JUNCTIONS, *FINGERS} and not set(JUNCTIONS) & own.params.keys():
            result.append(name.upper() if scope == problem.subckt else f"{scope}.{name}")
    return result


def replaced_expressions(problem: Problem, sizing: Mapping[str, float], *, drawn: bool = True) -> list[str]:
    """The sizes, such as `XM1.w`, whose expression in the netlist is replaced by a number of the drawing."""
    drawing = Drawn(replace(problem, wires=None), added=drawn)
    result = []
    for edit in _changed(drawing, sizing):
        text = problem.netlist.value_text(edit) if edit.device and edit.attribute in {"w", "l"} else None
        if text is not None and parse_spice_number(strip_quotes(text)) is None:
            result.append(f"{edit.device.upper()}.{edit.attribute}")
    return result


def netlist_diff(problem: Problem, sizing: Mapping[str, float], *, drawn: bool = True) -> str:
    """A unified diff from the original netlist to its own lines with the sizes, including `m=`."""
    problem = replace(problem, wires=None)
    drawing = Drawn(problem, added=drawn)
    old, new = problem.netlist.text(), drawing.netlist.text(_changed(drawing, sizing))
    name = problem.netlist.lines[0].file.name if problem.netlist.lines else "netlist"
    return "".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), name, f"sized/{name}"))


def _changed(drawn: Drawn, sizing: Mapping[str, float]) -> dict[Edit, str]:
    """Place → new text, for places whose number changes."""
    changed = {}
    for edit, value in drawn.written(sizing).items():
        own = own_value(edit, drawn.netlist, drawn.problem.subckt)
        if own is None or not math.isclose(own, value, rel_tol=1e-9):
            changed[edit] = written_like(drawn.netlist.value_text(edit) or "", value)
    return changed


_WRITTEN = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?P<suffix>[a-zA-Zµ]+)\s*$")


def written_like(text: str, value: float) -> str:
    """A number as its writer would write it: with the suffix of the text that it replaces, `100u` for `4u`. A number
    that this suffix makes very small or large has none.
    """
    found = _WRITTEN.match(text)
    one = parse_spice_number(f"1{found['suffix']}") if found is not None else None
    if found is None or not one or not 1e-3 <= abs(value / one) < 1e5:
        return f"{value:.10g}"
    return f"{value / one:.10g}{found['suffix']}"

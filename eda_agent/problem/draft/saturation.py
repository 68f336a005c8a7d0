"""The saturation spec of a draft: every device that must be saturated, with a target near the margin of the netlist's
own sizes.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection

from eda_agent.problem.draft.benches import MIN
from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.extremes import Extremes
from eda_agent.problem.draft.fallback_testbench import NAME as STARTED
from eda_agent.problem.draft.kinds import OSCILLATORS, STATIC
from eda_agent.problem.load_testbench import read_template
from eda_agent.problem.structure.recognise import recognise
from eda_agent.problem.structure.saturation import meant_for_saturation
from eda_agent.units import format_quantity

NAME = "saturation"
ENOUGH = 0.05
"""V of margin that is sufficient: the channel is then pinched off over process and temperature."""
_STEP = 0.01
_OFF = OSCILLATORS | {"reference", "current reference"}
"""Kinds in which a device is off by design: an oscillator's conduct in their turn, a reference's start-up switch is off
once it has started."""


def saturation_line(
    draft: Draft, now: float | None, measured: bool, untested: Collection[str] = (), over: Extremes | None = None
) -> str | None:
    """The line of spec.yaml; None if no testbench has an operating point or no device must be saturated.

    `now`: the margin (V) of the worst device at the netlist's sizes, None without one; `measured`: whether it was
    simulated. For a testbench in `untested` the line is a comment. `over`: the margin over the corners, if there are
    several. Where a corner leaves a device no room or no current, saturation is asked for in the nominal corner alone.
    """
    bench = _biased(draft)
    devices = _devices(draft)
    # the loads of a comparator without clock are off in one of its states
    switches = any(one.template == "comparator_open" for one in draft.kind.benches)
    if bench is None or not devices or switches or draft.kind.name in STATIC:
        return None
    if measured and now is None and draft.kind.name in _OFF:
        return None
    where = ""
    if bench in untested:
        bound, how = ENOUGH, "a common value; the testbench does not test"
    elif not measured:
        bound, how = ENOUGH, "a common value"
    elif now is None:
        bound, how = 0.0, "some are off at the netlist's own sizes"
    else:
        least, corner = over.worst(MIN) if over is not None else (now, "")
        alone = now >= 0 and (least < 0 or (over is not None and bool(over.missing or over.left_out)))
        bound = min(max(math.floor((now if alone else least) / _STEP) * _STEP, 0.0), ENOUGH)
        how = f"now {format_quantity(now, 'V', 3)}" + ("" if now >= 0 else ": the worst is in triode")
        how += f", {format_quantity(least, 'V', 3)} in {corner}" if least != now else ""
        how += over.gap if over is not None else ""
        where = ", corners: [nominal]" if alone else ""
    asked = (f"minimum: {format_quantity(bound)}" if bound else "minimum: 0") + where
    mark = "  # " if bench in untested else "  "
    return (
        f"{mark}{NAME}: {{metric: saturation_margin, testbench: {bench}, devices: [{devices}], unit: V, {asked}}}  #"
        f" {how}"
    )


def _biased(draft: Draft) -> str | None:
    for bench in draft.kind.benches:
        if "op" in read_template(bench.template)["analyses"]:
            return bench.name
    return STARTED if draft.fallback_testbench else None


def _devices(draft: Draft) -> str:
    """Roles whose MOSFETs must all be saturated, the others by name."""
    meant = meant_for_saturation(draft.structure)
    members: dict[str, set[str]] = defaultdict(set)
    for fet in draft.structure.fets:
        members[draft.structure.roles[fet.name]].add(fet.name)
    # a spec is read without the answers and names that the draft may have needed for its roles
    read = recognise(draft.netlist, draft.subckt, draft.pdk).roles
    known: dict[str, set[str]] = defaultdict(set)
    for name, role in read.items():
        known[role].add(name)
    whole = [role for role, names in members.items() if names <= set(meant) and known[role] == names]
    rest = [name for name in meant if draft.structure.roles[name] not in whole]
    return ", ".join([*(f"role: {role}" for role in whole), *map(_quoted, rest)])


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][\w.]*", name) else f"'{name}'"

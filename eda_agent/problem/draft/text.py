"""The text of a drafted spec.yaml: from the structure alone, or with targets a step beyond the first simulation."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.metrics import METRICS
from eda_agent.problem.draft.benches import NEAR
from eda_agent.problem.draft.chosen_settings import given_levels
from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.conditions import Held, held_of, settings_of, supply_of
from eda_agent.problem.draft.drafted_corners import NOMINAL, corner_lines
from eda_agent.problem.draft.extremes import Spread
from eda_agent.problem.draft.fallback_testbench import NAME as STARTED
from eda_agent.problem.draft.groups import grouped, ratios_of
from eda_agent.problem.draft.guesses import guesses_of
from eda_agent.problem.draft.own_bench import OwnBench, supplied
from eda_agent.problem.draft.own_results import Row, own_specs, trial_specs
from eda_agent.problem.draft.ratios import written
from eda_agent.problem.draft.saturation import NAME as SATURATION
from eda_agent.problem.draft.saturation import saturation_line
from eda_agent.problem.draft.sizable_parameters import MAX_PARAMETERS, places_of, role_of, roles_by_line
from eda_agent.problem.draft.size_range import range_of, spelled
from eda_agent.problem.draft.targets import (
    DRAFTED_UNIT,
    NO_SIZES,
    NOT_MEASURED,
    Measured,
    basis,
    drafted_unit,
    ends_of,
    slowest,
    targets_of,
)
from eda_agent.problem.layout import has_table, usual
from eda_agent.problem.load_testbench import read_template
from eda_agent.problem.source import read_text
from eda_agent.units import PLAIN, format_quantity, plain_number, read_unit


def write_draft(
    draft: Draft,
    circuit: str,
    measured: Measured = None,
    wanted: Mapping[str, Mapping[str, float]] | None = None,
    untested: Collection[str] = (),
    spread: Spread | None = None,
    results: Mapping[str, Mapping[str, Row]] | None = None,
) -> str:
    """The text of spec.yaml. `circuit`: the netlist's file as the spec names it.

    `measured`: spec name → value at the netlist's sizes. `wanted`: metric → {minimum, maximum} of a datasheet.
    `untested`: testbenches that do not test: their specs are comments without a target. `spread`: over the corners, if
    there are several. `results`: those of the designer's own testbenches by name; None before they have run.
    """
    chosen = "" if draft.corners == NOMINAL else f" --corners {draft.corners}"
    lines = [
        f"# drafted by `eda-agent init {draft.source.name}{chosen}`; edit it as you like",
        *(f"# {line}" for text in draft.noticed for line in text.splitlines()),
        *(f"# guessed: {guess}" for guess in guesses_of(draft)),
        *(f"# uncertain: {doubt}" for doubt in draft.doubts),
        f"name: {draft.name}",
        f"circuit: {circuit}",
        *(
            [f"include: [{Path(circuit).parent}]"]
            if "/" in circuit and re.search(r"^\s*\.inc", draft.netlist_text, re.IGNORECASE | re.MULTILINE)
            else []
        ),
        f"subckt: {draft.subckt}",
        f"pdk: {draft.pdk_file or draft.pdk.name}",
        "parameters:",
        *_parameters(draft),
    ]
    groups = grouped(draft)
    for key, found in (("match", groups.match), ("mirrors", groups.mirrors)):
        if found:
            lines.append(
                f"{key}: [{', '.join('[' + ', '.join(_word(name.upper()) for name in group) + ']' for group in found)}]"
            )
    tied = ratios_of(draft)
    names = {edit: name for name, edit in places_of(draft)[:MAX_PARAMETERS]}
    if rows := written(tied, names, {edit: spelled(draft, edit) for edit in tied.of}, _word):
        lines.append(f"ratios: {{{', '.join(rows)}}}")
    lines += _wiring(draft) if draft.own_bench is None else []
    if has_table(draft.pdk):
        # a designer's deck gives the numbers that ngspice prints for it, until a layout is asked for
        own = "# " if draft.own_bench is not None else ""
        grid = format_quantity(usual(draft.pdk).rule.grid).replace(" ", "")
        lines.append(
            f"{own}layout: {{fold: auto, grid: {grid}}}  # fingers and junctions are simulated as a layout has them"
        )
    lines.append("testbenches:")
    templates = draft.kind.benches if draft.own_bench is None else ()
    for bench in templates:
        settings, why = settings_of(draft, bench, slowest(measured, spread or {}))
        lines.append(f"  {bench.name}: {{template: {bench.template}{_settings(settings)}}}{why}")
    benches = [(bench.name, bench.metrics, set(read_template(bench.template)["metrics"])) for bench in templates]
    if draft.fallback_testbench:
        probes = ", ".join(f"{probe}: {_word(net)}" for probe, net in draft.fallback_testbench.probes.items())
        lines.append(
            f"  {STARTED}: {{deck: {_word(draft.deck)}{_settings(draft.fallback_testbench.settings)}, probes:"
            f" {{{probes}}}}}"
        )
        benches.append((STARTED, draft.fallback_testbench.metrics, set(draft.fallback_testbench.metrics)))
    elif draft.own_bench is not None:
        for name, own_bench in draft.benches.items():
            beside = os.path.relpath(draft.decks[name], draft.source.parent)
            deck = os.path.normpath(os.path.join(os.path.dirname(circuit), beside))
            lines.append(f"  {name}: {{deck: {_word(deck)}{_supply_key(draft, own_bench)}}}")
    elif not benches:
        lines.append("  # none could be drafted: name a template or a deck (docs/spec.md)")
    lines.append("specs:")
    given: set[str] = set()
    senses_of = {metric: sense for _, senses, _ in benches for metric, sense in senses.items()}
    known = basis(draft.kind.name, measured, without_sizes=draft.without_sizes)
    levels = given_levels(draft.kind.name, draft.answers.settings)
    targets = targets_of(senses_of, known, supply_of(draft) / 4, spread or {}, levels)
    for place, senses, able in benches:
        mark = "  # " if place in untested else "  "
        asked = {metric: bounds for metric, bounds in (wanted or {}).items() if metric in able}
        for metric, bounds in asked.items():
            if metric not in given:
                given.add(metric)
                lines.append(f"{mark}{metric}: {{testbench: {place}, {_bounds(metric, bounds)}}}  # asked for")
        for metric, sense in senses.items():
            if metric in given:
                continue
            value, how = targets[metric]
            how = how.replace(NOT_MEASURED, NO_SIZES) if draft.without_sizes else how
            how = "a common value; the testbench does not test" if place in untested else how
            objective = ", objective: minimize" if metric in {"power", "quiescent_current"} else ""
            near = _near(metric, *ends_of(metric, value, spread or {}))
            bound = near if sense == NEAR else _bound(metric, sense, value)
            lines.append(f"{mark}{metric}: {{testbench: {place}, {bound}{objective}}}  # {how}")
    lines += own_specs(results, draft.benches) if results else trial_specs(draft.benches)
    line = saturation_line(
        draft, (measured or {}).get(SATURATION), measured is not None, untested, (spread or {}).get(SATURATION)
    )
    lines += [line] if line and draft.own_bench is None else []
    lines += [*corner_lines(draft), "budget: {simulations: 200}"]
    return "\n".join(lines) + "\n"


def _settings(settings: Mapping[str, str]) -> str:
    return "".join(f", {name}: {value}" for name, value in settings.items())


def _word(text: str) -> str:
    """A text for a YAML mapping on one line."""
    return text if re.fullmatch(r"[A-Za-z_][\w.]*", text) else f"'{text}'"


def _bounds(metric: str, bounds: Mapping[str, float]) -> str:
    """One bound or both, with the unit once."""
    cells = [_bound(metric, side, value) for side, value in bounds.items()]
    return ", ".join([cells[0], *(re.sub(r"^unit: [^,]+, ", "", cell) for cell in cells[1:])])


def _near(metric: str, low: float, high: float) -> str:
    """Both bounds of a value to keep."""
    unit = METRICS[metric].unit
    return (
        f"{f'unit: {unit}, ' if unit else ''}minimum: {format_quantity(low, digits=3)}, maximum:"
        f" {format_quantity(high, digits=3)}"
    )


def _bound(metric: str, sense: str, value: float) -> str:
    unit = METRICS[metric].unit
    if unit in DRAFTED_UNIT:
        drafted = drafted_unit(unit, value)
        return f"unit: {drafted}, {sense}: {plain_number(value / float(read_unit(drafted).factor), 6)}"
    # YAML gives % another meaning
    unit = f"'{unit}'" if unit.startswith("%") else unit
    if not unit or unit.strip("'") in PLAIN:
        return f"{f'unit: {unit}, ' if unit else ''}{sense}: {plain_number(value, 6)}"
    return f"unit: {unit}, {sense}: {format_quantity(value)}"


def _parameters(draft: Draft) -> list[str]:
    lines = []
    places = places_of(draft)
    if left := places[MAX_PARAMETERS:]:
        draft.doubts.append(
            f"which of {len(places)} sizes matter: the first {MAX_PARAMETERS} are parameters; left out are"
            f" {', '.join(name for name, _ in left)}"
        )
    by_line = roles_by_line(draft)
    for name, edit in places[:MAX_PARAMETERS]:
        role = role_of(draft, edit, by_line)
        low, high, step, scale = range_of(draft, edit)
        cells = [
            f"min: {low}",
            f"max: {high}",
            *([f"step: {step}"] if step else []),
            f"scale: {scale}",
            *([f"role: {role}"] if role else []),
        ]
        lines.append(f"  {_word(name)}: {{{', '.join(cells)}}}")
    if not lines:
        raise InputError(
            Finding(
                "the netlist has nothing to size: no W, L, m, and no resistor, capacitor or inductor",
                draft.source,
                fix=_where_devices_are(draft),
            )
        )
    return lines


def _where_devices_are(draft: Draft) -> str:
    """What to do if the devices stand in files that the deck includes outside a subcircuit."""
    files = re.findall(r"^[ \t]*\.inc(?:lude)?[ \t]+(\S+)", read_text(draft.source, []), re.IGNORECASE | re.MULTILINE)
    named = ", ".join(file.strip("'\"") for file in files)
    return f"if its devices are in {named}: write them into the deck, or put a .subckt around them" if named else ""


def _further(held: Held) -> str:
    return (f", to: {held.to}" if held.to else "") + (f", from: {held.begins}" if held.begins else "")


def _wiring(draft: Draft) -> list[str]:
    ports = {role: port for role, port in draft.kind.ports.items() if role != port}
    lines = [f"ports: {{{', '.join(f'{role}: {_word(port)}' for role, port in ports.items())}}}"] if ports else []
    held = [held_of(draft, port, how) for port, how in draft.kind.bias.items()]
    if held:
        bias = ", ".join(f"{_word(one.port)}: {{{one.kind}: {one.amount}{_further(one)}}}" for one in held)
        lines.append(f"bias: {{{bias}}}{'  # values are a guess' if any(one.guess for one in held) else ''}")
    return lines


def _supply_key(draft: Draft, bench: OwnBench) -> str:
    """The entry that names the supply of a designer's deck, for corners; "" if none is found."""
    source = supplied(bench, draft.structure.vdd)[0]
    return f", supply: {_word(source)}" if source else ""

"""A table is a run as rows for other programs: CSV, Markdown, and the CACE datasheet of SKY130 flows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from eda_agent.errors import Finding, InputError
from eda_agent.insight.complete import corners_of
from eda_agent.metrics import METRICS
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.located_node import read_plain
from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import RunState
from eda_agent.record.labels import extremes, found_in, policies_text, target_text, verdict, versions_text
from eda_agent.spec_text import result_margin
from eda_agent.units import QuantityError, any_unit, format_quantity, format_score, parse_quantity, shown_unit

CACE_VERSION = 5.2
"""The datasheet format of CACE 2 and later."""


def csv_turns(state: RunState, *, units: bool = False) -> str:
    """One row per turn: score, sizes and worst-corner values in SI units; a censored value is text, such as `>1e-06`.

    `units`: the headings have the units, such as `gbw (Hz)`.

    `corners`: the number of simulated corners; with fewer than the run's, the score is a bound.
    """
    names = [entry["name"] for entry in state.started["parameters"]]
    specs = [spec["name"] for spec in state.started["specs"]]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    heads = [
        f"{entry['name']} ({entry['unit']})" if units and entry["unit"] else entry["name"]
        for entry in (*state.started["parameters"], *state.started["specs"])
    ]
    writer.writerow(["turn", "policy", "score", "met", "corners", *heads])
    for turn in state.turns:
        sizing, results = turn["sizing"] or {}, turn.get("specs", {})
        reached = [results.get(name, {}) for name in specs]
        writer.writerow(
            [
                turn["index"],
                turn["proposal"]["policy"],
                turn["score"],
                turn["met"],
                corners_of(turn),
                *(sizing.get(name, "") for name in names),
                *(
                    (
                        ""
                        if one.get("value") is None
                        else f"{one['bound']}{one['value']}"
                        if one.get("bound")
                        else one["value"]
                    )
                    for one in reached
                ),
            ]
        )
    return out.getvalue()


def markdown_summary(state: RunState) -> str:
    """Specs × corners and sizes of the best design."""
    best, corners = best_turn(state), state.started["corners"]
    lines = [
        f"# {state.started['problem']}: {'met' if best['met'] else 'not met'}, score {format_score(best['score'])}",
        "",
        f"Turn {best['index']}, {versions_text(state.hello)}, policy {policies_text(state.policies)}, seed"
        f" {state.started['seed']}.",
        "",
    ]
    lines += [
        f"| spec | target | verdict | margin | worst in | {' | '.join(corners)} |",
        "| --- | ---: | --- | ---: | --- |" + " ---: |" * len(corners),
    ]
    for spec in state.started["specs"]:
        result = best["specs"][spec["name"]]
        found = found_in(best.get("evaluation", {}), spec["name"], corners)
        cells = [format_quantity(value, shown_unit(spec), 3, bound) for value, bound in found]
        why = f" ({result['why']})" if result["why"] else ""
        lines.append(
            f"| {spec['name']} | {target_text(spec)} | {verdict(spec, result)}{why} | {result_margin(spec, result)} |"
            f" {result['corner']} | {' | '.join(cells)} |"
        )
    lines += ["", "| size | value | role |", "| --- | ---: | --- |"]
    lines += [
        f"| {entry['name']} | {format_quantity(best['sizing'][entry['name']], entry['unit'])} | {entry['role']} |"
        for entry in state.started["parameters"]
    ]
    return "\n".join(lines) + "\n"


def cace_datasheet(state: RunState, netlist: str) -> str:
    """The specs with their targets and the values of the best design over all corners, as a CACE datasheet.

    CACE has no censored values, so these are left out.
    """
    best = best_turn(state)
    evaluation = best.get("evaluation", {})
    parameters: dict[str, Any] = {}
    for spec in state.started["specs"]:
        found = [
            one for one in found_in(evaluation, spec["name"], list(evaluation.get("values", {}))) if one[0] is not None
        ]
        unit = any_unit(shown_unit(spec))

        def number(value: float, factor: float = float(unit.factor)) -> float:
            return float(f"{value / factor:.12g}")

        bounds: dict[str, Any] = {
            side: {"value": number(spec[side]), **({"fail": True} if spec[side] is not None else {})}
            for side in ("minimum", "maximum")
            if spec[side] is not None
        }
        low, high = extremes(found)
        named = {"minimum": low, "typical": found[0], "maximum": high} if found else {}
        results = {name: number(value) for name, (value, bound) in named.items() if value is not None and not bound}
        parameters[spec["name"]] = {
            "description": _described(spec["metric"]),
            "display": spec["name"].replace("_", " "),
            "unit": unit.name or "none",
            "spec": {spec["metric"]: bounds},
            "results": results,
        }
    data = {
        "name": state.started["problem"],
        "description": f"{state.started['problem']}, sized by eda-agent",
        "cace_format": CACE_VERSION,
        "paths": {"netlist": netlist},
        "parameters": parameters,
    }
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def _described(metric: str) -> str:
    """The description of a metric; its name if it is the user's own."""
    known = METRICS.get(metric) or BIAS_METRICS.get(metric)
    return known.definition if known is not None else metric.replace("_", " ")


def read_cace(path: Path) -> dict[str, dict[str, float]]:
    """Metric → {minimum, maximum} in SI units, from a CACE datasheet's parameters whose names are known metrics.

    Raises `InputError` for a file that is not a datasheet or has no measurable parameter.
    """
    data = read_plain(path)
    try:
        parameters: Mapping[str, Any] = data["parameters"]
        entries = [(str(name), dict(entry)) for name, entry in parameters.items()]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(
            Finding(
                "this is no CACE datasheet: it has no `parameters:`",
                path,
                fix="CACE 2 format: parameters: {gain: {spec: {gain: {minimum: {value: 60}}}}}",
            )
        ) from None
    result: dict[str, dict[str, float]] = {}
    aliases = {alias: metric for metric in METRICS.values() for alias in metric.aliases}
    for name, entry in entries:
        unit = str(entry.get("unit") or "")
        specs = entry.get("spec")
        for key, bounds in specs.items() if isinstance(specs, dict) else ():
            metric = next(
                (known[word] for known in (METRICS, aliases) for word in (str(key), name) if word in known), None
            )
            if metric is None or not isinstance(bounds, dict):
                continue
            for side in ("minimum", "maximum"):
                value = bounds.get(side, {}).get("value") if isinstance(bounds.get(side), dict) else None
                if value in (None, "any"):
                    continue
                try:
                    text = f"{value}{unit}" if unit not in {"none", "", "%", "deg", "dB"} else str(value)
                    result.setdefault(metric.name, {})[side] = parse_quantity(text, metric.unit)
                except QuantityError as error:
                    raise InputError(Finding(f"{name}: {error}", path, read=f"{value} {unit}")) from None
    if not result:
        raise InputError(
            Finding("no parameter of the datasheet is a known metric", path, fix=f"metrics: {', '.join(METRICS)}")
        )
    return result

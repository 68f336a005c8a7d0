"""`eda-agent report`, `compare`, `front` and `sensitivity`: what a run says, for people and for other programs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from eda_agent import run
from eda_agent.cli.chosen import asked_by, chosen
from eda_agent.cli.inspect import load_state
from eda_agent.cli.render import console, print_json, status
from eda_agent.cli.say import say, write
from eda_agent.errors import Finding, InputError, visible
from eda_agent.files import write_text
from eda_agent.insight.front import front
from eda_agent.insight.sensitivity import sensitivity
from eda_agent.insight.shown import shown
from eda_agent.record.about import target_text
from eda_agent.record.export import netlist_diff
from eda_agent.record.fold import RunState
from eda_agent.record.report import best_turn, html_report
from eda_agent.record.tables import cace_datasheet, csv_turns, markdown_summary
from eda_agent.units import format_quantity, format_score, plain_number, shown_unit

FORMATS = {"html": "report.html", "csv": "turns.csv", "json": "summary.json", "md": "report.md", "cace": "cace.yaml"}


def report_command(options: argparse.Namespace) -> int:
    """Write the run as a page, or in another format."""
    state = load_state(options.run)
    target: Path = options.out or options.run / FORMATS[options.format]
    match options.format:
        case "html":
            text = _html(options, state)
        case "csv":
            text = visible(csv_turns(state))
        case "md":
            text = visible(markdown_summary(state))
        case "cace":
            text = cace_datasheet(state, str(options.run / "sized.spice"))
        case _:
            text = (
                json.dumps(
                    {
                        "started": state.started,
                        "best": best_turn(state),
                        "finished": state.finished,
                        "verified": state.verified,
                        "curve": state.curve,
                    },
                    indent=1,
                )
                + "\n"
            )
    if str(target) == "-":
        write(text)
    else:
        write_text(target, text)
        say(f"wrote {target}")
    return 0


def _html(options: argparse.Namespace, state: RunState) -> str:
    """The page, with waveforms and Monte Carlo where the circuit is still there to simulate."""
    best = best_turn(state)
    diff, waves, samples = "", None, None
    about: dict[str, Any] = {}
    try:
        problem = asked_by(options.run, state)
    except InputError as error:
        say(f"eda-agent: without waveforms and diff: {error}")
    else:
        diff = netlist_diff(problem, best["sizing"])
        if not options.no_sim:
            about = {name: shown(problem, name) for name in problem.testbenches}
            waves, samples = run.simulate_for_report(problem, best["sizing"], options.samples, state.started["seed"])
    return html_report(state, diff=diff, waveforms=waves, monte_carlo=samples, about=about)


def compare_command(options: argparse.Namespace) -> int:
    """Two runs side by side: what the best designs reach and where they differ."""
    states = [load_state(folder) for folder in options.runs]
    bests = [best_turn(state) for state in states]
    if options.json:
        print_json(
            {
                "runs": [
                    {"run": str(folder), "best": best, "simulations": state.simulations, "curve": state.curve}
                    for folder, state, best in zip(options.runs, states, bests, strict=True)
                ]
            }
        )
        return 0
    screen = console(to_stdout=True)
    names = [folder.resolve().name for folder in options.runs]
    specs = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    asked = [{spec["name"]: spec for spec in state.started["specs"]} for state in states]
    every = {name: None for rows in asked for name in rows}
    # each run is judged by its own targets: where they differ, both are shown
    same = all(len({target_text(rows[name]) for rows in asked if name in rows}) == 1 for name in every)
    targets = ["target"] if same else [f"target of {name}" for name in names]
    for place, heading in enumerate(("spec", *targets, *names)):
        specs.add_column(heading, justify="left" if place == 0 else "right")
    for name in every:
        told = [target_text(rows[name]) if name in rows else "—" for rows in asked]
        cells = [_spec_cell(best, rows[name]) if name in rows else "—" for best, rows in zip(bests, asked, strict=True)]
        specs.add_row(name, *([next(text for text in told if text != "—")] if same else told), *cells)
    blank = [""] * (len(targets) - 1)
    specs.add_row("corners", "", *blank, *(str(state.corners) for state in states))
    specs.add_row("score", "", *blank, *(f"{format_score(best['score'])}" for best in bests))
    specs.add_row("simulations", "", *blank, *(str(state.simulations) for state in states))
    specs.add_row("policy", "", *blank, *(str(state.started["policy"]) for state in states))
    screen.print(specs)
    screen.print()
    sizes = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in ("size", *names, "ratio"):
        sizes.add_column(heading, justify="left" if heading == "size" else "right")
    for entry in states[0].started["parameters"]:
        values = [best["sizing"].get(entry["name"]) for best in bests]
        ratio = plain_number(values[1] / values[0], 3) if values[0] and values[1] is not None else "—"
        sizes.add_row(entry["name"], *(format_quantity(value, entry["unit"]) for value in values), ratio)
    screen.print(sizes)
    return 0


def _spec_cell(best: dict[str, Any], spec: dict[str, Any]) -> str | Text:
    result = best["specs"].get(spec["name"])
    if result is None:
        return "—"
    value = format_quantity(result["value"], shown_unit(spec), 3, result.get("bound", ""))
    return Text.assemble(f"{value} ", status(result["met"], result["margin"]))


def front_command(options: argparse.Namespace) -> int:
    """What two specs trade against each other among the turns of a run."""
    state = load_state(options.run)
    specs = {spec["name"]: spec for spec in state.started["specs"]}
    for name in (options.one, options.other):
        if name not in specs:
            raise InputError(Finding(f"the run has no spec {name!r}", options.run, fix=f"one of {', '.join(specs)}"))
    turns = front(state.turns, options.one, options.other, state.corners)
    rows = [
        {
            "turn": turn["index"],
            "score": turn["score"],
            **{name: turn["specs"][name]["value"] for name in (options.one, options.other)},
            "bounds": {name: turn["specs"][name].get("bound", "") for name in (options.one, options.other)},
        }
        for turn in turns
    ]
    if options.json:
        print_json({"front": rows})
        return 0
    screen = console(to_stdout=True)
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in ("turn", options.one, options.other, "score"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            str(row["turn"]),
            *(format_quantity(row[name], shown_unit(specs[name]), 3, row["bounds"][name]) for name in (options.one, options.other)),
            f"{format_score(row['score'])}",
        )
    screen.print(table)
    return 0


def sensitivity_command(options: argparse.Namespace) -> int:
    """How each spec answers to each parameter around a design."""
    problem, sizing = chosen(options)
    with run.open_evaluator(problem, workers=options.workers, cluster=options.cluster, cache=not options.no_cache) as evaluator:
        found = sensitivity(problem, evaluator, sizing, options.step)
    if options.json:
        print_json({"corner": found.corner, "step": options.step, "slopes": found.slopes})
        return 0
    screen = console(to_stdout=True)
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("size")
    for spec in problem.specs:
        table.add_column(spec.name, justify="right", overflow="fold")
    for name in problem.space.names:
        cells = [found.slopes[spec.name].get(name) for spec in problem.specs]
        table.add_row(
            name, *("—" if cell is None else Text(f"{cell:+.2f}", "bold") if abs(cell) >= 0.5 else f"{cell:+.2f}" for cell in cells)
        )
    screen.print(table)
    screen.print(
        f"\nchange of the margin for the whole range, from a step of {options.step:g} of it to each side, in {found.corner}", markup=False
    )
    return 0

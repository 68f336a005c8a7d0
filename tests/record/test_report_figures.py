"""A report's plots say what they show, in its units, and its commands repeat the run as they are printed."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eda_agent.cli.main import main
from eda_agent.insight.plot_labels import clipped, plot_labels
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.record.plot import Axis, Line, Plot, line_plot
from eda_agent.record.report.curves import wave_figures
from eda_agent.run import Request, open_evaluator, size
from eda_agent.tui.corner_waves import CornerWaves

from ..conftest import CIRCUITS


def pictures(problem: Problem) -> tuple[dict[str, Plot], list[dict[str, Any]], dict[str, float | None]]:
    """(plots by title, what `sim --waves` writes, values in the first corner) of the netlist's own sizes."""
    sizing = problem.space.initial
    with open_evaluator(problem) as evaluator:
        waves = {place: reply["waveforms"] for place, reply in evaluator.waveforms(sizing).items()}
        values = evaluator.evaluate([sizing])[0].values[problem.corners[0].name]
    rows = [
        {"testbench": bench, "corner": corner, "analyses": kinds, "shown": plot_labels(problem, bench)}
        for (bench, corner), kinds in waves.items()
    ]
    found = {}
    for bench in problem.testbenches:
        corners = {corner: kinds for (name, corner), kinds in waves.items() if name == bench}
        for kind in [kind for kind in next(iter(corners.values())) if kind != "op"]:
            for figure in wave_figures(
                bench, kind, {corner: kinds[kind] for corner, kinds in corners.items()}, plot_labels(problem, bench)
            ):
                found |= {plot.title: plot for plot in figure.plots}
    return found, rows, dict(values)


@pytest.mark.slow
def test_a_regulators_plots(problems: dict[str, Problem]) -> None:
    plots, rows, values = pictures(problems["ldo"])
    load = next(plot for title, plot in plots.items() if title.startswith("load: out"))
    assert (load.x.label, load.x.unit) == ("load current", "A") and max(load.lines[0].x) == pytest.approx(5e-3)
    line = next(plot for title, plot in plots.items() if title.startswith("line: out"))
    assert (line.x.label, line.x.unit) == ("supply", "V")
    rejection = plots["ac: rejection of the positive supply"]
    curve = rejection.lines[0]
    # at 10 kHz, as the spec has it
    assert np.interp(4.0, np.log10(curve.x), curve.y) == pytest.approx(values["psrr_plus"], abs=0.05)
    assert "ac: output noise" in plots and "ac: input noise" not in plots
    assert "full: loop gain" in plots and "full: phase of the loop gain" in plots
    # marks have the values of the specs, in the corner where each is worst
    step = next(plot for title, plot in plots.items() if title.startswith("step: out"))
    heights = {mark.label.split()[0]: abs(mark.y - mark.to) for mark in step.marks if mark.to is not None}
    for name in ("undershoot", "overshoot"):
        assert heights[name] >= 0.999 * (values[f"load_{name}"] or 0.0)
    (dropout,) = line.marks
    assert dropout.label.startswith("dropout ") and dropout.y < dropout.x
    curve = line.lines[dropout.line]
    assert np.interp(dropout.x, sorted(curve.x), sorted(curve.y)) == pytest.approx(dropout.y, rel=0.01)
    # an ideal load pulls a regulator that cannot drive it to any voltage: no plot goes there
    for plot in plots.values():
        if plot.y.unit == "V":
            assert min(min(one.y) for one in plot.lines) >= -0.5, plot.title
    # the terminal app shows the same figures
    assert {plot.title for figure in CornerWaves(rows).figures() for plot in figure.plots} == set(plots)


def test_other_circuits_plots(problems: dict[str, Problem]) -> None:
    plots, _, _ = pictures(problems["tia"])
    noise = next(plot for title, plot in plots.items() if title.endswith("input noise"))
    assert noise.y.unit == "A/√Hz" and any("transimpedance" in title for title in plots)
    plots, _, _ = pictures(problems["strongarm"])
    assert all(plot.x.unit == "s" for plot in plots.values())


def test_an_axis_that_counts_has_no_marks_between() -> None:
    for last in (1, 2, 3, 7, 40):
        plot = Plot(
            "best", Axis("turn", whole=True), Axis("score"), [Line("score", range(last + 1), [0.5] * (last + 1))]
        )
        marks = re.findall(r'text-anchor="middle">([^<]*)</text>', line_plot(plot))[:-1]
        assert marks and all(float(mark).is_integer() for mark in marks), marks


def test_values_beyond_the_rails_are_held() -> None:
    assert clipped([-15.0, 0.3, 4.0], [-0.5, 2.3]) == ([-0.5, 0.3, 2.3], True)
    assert clipped([0.0, 1.8], [-0.5, 2.3]) == ([0.0, 1.8], False)


def test_the_printed_commands_repeat_the_run(tmp_path: Path) -> None:
    circuit = tmp_path / "circuit"
    shutil.copytree(CIRCUITS / "ota_5t", circuit)
    (circuit / "core.inc").write_text((circuit / "ota_5t.spice").read_text())
    (circuit / "ota_5t.spice").write_text('* the circuit\n.include "core.inc"\n')
    size(Request(circuit, "tpe", seed=3, simulations=4, parallel=2, corners="nominal", out=tmp_path / "run"))
    assert main(["report", str(tmp_path / "run"), "--no-sim"]) == 0
    # taken elsewhere, without the circuit's folder
    moved = tmp_path / "mailed" / "run of mine"
    moved.parent.mkdir()
    (tmp_path / "run").rename(moved)
    shutil.rmtree(circuit)
    page = (moved / "report.html").read_text()
    printed = re.search(r"<h2>How to repeat it</h2>\s*<pre>(.*?)</pre>", page, re.DOTALL)
    assert printed is not None
    commands = html.unescape(printed[1])
    # the program's name, whether or not it is installed beside this Python
    script = f'eda-agent() {{ "{sys.executable}" -m eda_agent "$@"; }}\n{commands}'
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=moved,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "160"},
    )
    assert done.returncode in {0, 1}, done.stderr
    first, again = (fold(read_journal(folder / "journal.jsonl")) for folder in (moved, moved / "again"))
    assert [turn["sizing"] for turn in again.turns] == [turn["sizing"] for turn in first.turns]
    assert [turn["score"] for turn in again.turns] == [turn["score"] for turn in first.turns]
    assert "dc_gain" in done.stdout and f"score {json.dumps(first.best['score'])[:5]}" in done.stdout


def test_what_a_command_cannot_repeat_is_said(tmp_path: Path, problems: dict[str, Problem]) -> None:
    from eda_agent.agent.commands import parse_command
    from eda_agent.agent.control import Control
    from eda_agent.record.repeat_commands import repeat_commands

    control = Control()
    control.send(parse_command('{"do": "target", "spec": "dc_gain", "minimum": 20}'))
    size(Request(CIRCUITS / "ota_5t", "random", simulations=2, skip=False, out=tmp_path / "run"), control=control)
    said = repeat_commands(fold(read_journal(tmp_path / "run" / "journal.jsonl")))
    assert (
        "--all-corners" in said
        and '# command of the user during the run: {"do": "target", "spec": "dc_gain", "minimum": 20.0}' in said
    )
    assert load_problem(tmp_path / "run").name == problems["ota_5t"].name

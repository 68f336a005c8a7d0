"""Every view shows what the run asked: targets with the user's edits on the way, its corners, its circuit; not what a
spec says today.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from eda_agent.agent.commands import parse_command
from eda_agent.agent.control import Control
from eda_agent.problem.load import load_problem
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.run import Request, problem_of_run, size
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.screens.monte_carlo import MonteCarloScreen

from ..conftest import CIRCUITS
from .test_cli import run

HIGH = "99"
"""dB: a gain that no five-transistor OTA reaches."""


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in the sign-off corners whose gain target the user raised on the way, and whose spec and netlist changed
    and went since.
    """
    place = tmp_path_factory.mktemp("edited")
    shutil.copytree(CIRCUITS / "ota_5t", place / "ota")
    control = Control()
    control.send(parse_command(json.dumps({"do": "target", "spec": "dc_gain", "minimum": HIGH})))
    control.send(parse_command(json.dumps({"do": "target", "spec": "gbw", "minimum": "1k"})))
    size(Request(place / "ota", "trust", simulations=4, corners="signoff", out=place / "run"), control=control)
    (place / "ota" / "ota_5t.spice").unlink()
    spec = place / "ota" / "spec.yaml"
    spec.write_text(spec.read_text().replace("minimum: 50}", "minimum: 10}"))
    return place / "run"


def asked(folder: Path) -> Any:
    return problem_of_run(folder, fold(read_journal(folder / "journal.jsonl")))


def test_the_problem_of_a_run_is_the_journals(edited: Path) -> None:
    found = asked(edited)
    bounds = {spec.name: spec.minimum for spec in found.problem.specs}
    assert (bounds["dc_gain"], bounds["gbw"]) == (float(HIGH), 1e3)
    assert len(found.problem.corners) == 17 and found.problem.budget.simulations == 4
    assert found.said == ()


def test_monte_carlo_grades_against_the_runs_targets(edited: Path) -> None:
    done = run("mc", str(edited), "--samples", "12", "--json")
    data = json.loads(done.stdout)
    gain = data["specs"]["dc_gain"]
    assert max(gain["values"]) < float(HIGH) and gain["yield"] == 0.0 and gain["minimum"] == float(HIGH)
    assert data["specs"]["gbw"]["yield"] == 1.0 and data["specs"]["gbw"]["minimum"] == 1e3
    # by the name of the spec that it was started from, which has changed since
    again = run("mc", str(edited.parent / "ota"), "--from", str(edited), "--samples", "12", "--json")
    assert "has changed since the run" in again.stderr
    assert json.loads(again.stdout)["specs"]["dc_gain"] == gain
    cold = run("mc", str(edited), "--samples", "2", "--corner", "ss_2.97V_-40C", "--json")
    assert json.loads(cold.stdout)["corners"] == ["ss_2.97V_-40C"], cold.stderr


def test_simulation_sensitivity_report_and_export_are_of_the_run(edited: Path, tmp_path: Path) -> None:
    state = fold(read_journal(edited / "journal.jsonl"))
    once = json.loads(run("sim", str(edited), "--json").stdout)
    assert len(once["values"]) == 17
    assert once["score"] == state.best["score"]
    assert {name: row["margin"] for name, row in once["specs"].items()} == {
        name: row["margin"] for name, row in state.best["specs"].items()
    }
    slopes = json.loads(run("sensitivity", str(edited), "--json").stdout)["slopes"]
    assert slopes["power"]["mt"] < 0
    page = tmp_path / "page.html"
    assert run("report", str(edited), "--samples", "8", "--out", str(page)).returncode == 0
    text = page.read_text()
    shares = dict(re.findall(r"<tr><td>(\w+)</td>(?:<td>[^<]*</td>){5}<td class=\"l \w+\">([\d.]+) %", text))
    assert shares["dc_gain"] == "0.0" and shares["gbw"] == "100.0" and f"≥ {HIGH} dB" in text
    assert "ss_2.97V_-40C" in text and "@@" in text  # its corners, and the netlist's difference
    for words in (("--diff",), (), ("--devices",)):
        done = run("export", str(edited), *words)
        assert done.returncode == 0
        assert ("specs NOT met" in done.stderr) == ("--devices" not in words)


def test_the_terminal_app_grades_the_histogram_that_it_draws(edited: Path) -> None:
    async def look() -> str:
        app = SizingApp(JournalFeed(edited / "journal.jsonl"), edited)
        async with app.run_test(size=(160, 45)) as pilot:
            await pilot.pause(0.3)
            await pilot.press("m")
            for _ in range(600):
                await pilot.pause(0.1)
                if isinstance(app.screen, MonteCarloScreen) and app.screen.found:
                    break
            screen = app.screen
            assert isinstance(screen, MonteCarloScreen)
            await pilot.pause(0.2)
            return "\n".join(str(screen.query_one(name).render()) for name in (".detail-title", "#statistics"))

    title = asyncio.run(look())
    assert f"dc_gain ≥ {HIGH} dB" in title and "0 % (95 %: 0 to" in title


def test_what_is_missing_or_changed_is_said(edited: Path, tmp_path: Path) -> None:
    other = tmp_path / "run"
    shutil.copytree(edited, other)
    netlist = other / "ota_5t.spice"
    netlist.write_text(netlist.read_text() + "* one more line\n")
    assert "ota_5t.spice" in asked(other).said[0] and "changed" in asked(other).said[0]
    assert "changed after the run had copied it" in run("export", str(other), "--diff").stderr
    netlist.unlink()
    gone = run("export", str(other))
    assert gone.returncode == 2 and "the netlist does not exist" in gone.stderr


def test_another_spec_grades_the_sizes_where_the_user_names_it(edited: Path, tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "ota")
    done = run("mc", str(tmp_path / "ota"), "--from", str(edited), "--samples", "2", "--json")
    assert json.loads(done.stdout)["specs"]["dc_gain"]["minimum"] == 50.0
    assert "targets and corners are those of" in done.stderr


def test_a_copy_is_the_circuit_with_its_includes_in_other_folders(tmp_path: Path) -> None:
    source, cells = tmp_path / "specs", tmp_path / "cells"
    source.mkdir()
    cells.mkdir()
    text = (CIRCUITS / "ota_5t" / "ota_5t.spice").read_text()
    (cells / "ota.inc").write_text(text)
    (cells / "top.spice").write_text('.include "ota.inc"\n')
    spec = (
        (CIRCUITS / "ota_5t" / "spec.yaml")
        .read_text()
        .replace("circuit: ota_5t.spice", "circuit: ../cells/top.spice  # elsewhere\ninclude: [../cells]")
    )
    (source / "spec.yaml").write_text(spec)
    outcome = size(Request(source, "random", simulations=1, out=tmp_path / "run"))
    shutil.rmtree(source)
    shutil.rmtree(cells)
    copy = load_problem(tmp_path / "run")
    assert copy.netlist.text().replace("* top.spice, its includes written in\n", "") == outcome.problem.netlist.text()
    assert copy.space == outcome.problem.space and copy.testbenches == outcome.problem.testbenches
    again = json.loads(run("sim", str(tmp_path / "run"), "--json").stdout)
    assert again["score"] == outcome.best.value


def test_a_run_beside_its_spec_replaces_no_file(tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "here")
    before = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    size(Request(tmp_path / "here", "random", simulations=1, out=tmp_path / "here"))
    assert {name: (tmp_path / "here" / name).read_bytes() for name in before} == before
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "spec")
    other = tmp_path / "run"
    other.mkdir()
    (other / "ota_5t.spice").write_text("* something of the user's\n")
    size(Request(tmp_path / "spec", "random", simulations=1, out=other))
    assert (other / "ota_5t.spice").read_text() == "* something of the user's\n"
    assert load_problem(other).netlist.text() == load_problem(tmp_path / "spec").netlist.text()

"""init, check, size, report, export and what else looks at a run, as a new user types them, on netlists from
elsewhere.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from eda_agent.run import netlist_of_schematic
from tests.evidence import cases

from ..conftest import ROOT
from .test_cli import OTA, run, sized

__all__ = ["sized"]
FIXTURES = ROOT / "tests" / "fixtures"


@pytest.mark.parametrize("name", cases(["textbook.spice", "ota.cdl"], "textbook.spice"))
def test_five_commands_on_a_foreign_netlist(name: str, tmp_path: Path) -> None:
    shutil.copy(FIXTURES / name, tmp_path)
    done = run("init", name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "bias diode" in done.stderr and "--bias" in done.stderr
    assert run("check", "spec.yaml", cwd=tmp_path).returncode == 0
    sizing = run("size", "spec.yaml", "--corners", "signoff", "--budget", "5", "--out", "run", "--json", cwd=tmp_path)
    assert sizing.returncode in {0, 1}, sizing.stderr
    assert json.loads(sizing.stdout)["simulations"] <= 5
    assert run("report", "run", cwd=tmp_path).returncode == 0
    assert "<svg" in (tmp_path / "run" / "report.html").read_text()
    exported = run("export", "run", "--diff", cwd=tmp_path)
    assert exported.returncode == 0, exported.stderr
    again = run("init", name, cwd=tmp_path)
    assert (again.returncode, "--force" in again.stderr) == (2, True)


def test_monte_carlo_and_sensitivity_of_a_run(sized: Path) -> None:
    chips = run("mc", OTA, "--from", str(sized), "--samples", "20", "--json")
    data = json.loads(chips.stdout)
    assert data["samples"] == 20
    assert data["specs"]["input_offset"]["deviation"] > 1e-4
    assert chips.returncode == (0 if data["passed"] == 20 else 1)
    slopes = json.loads(run("sensitivity", OTA, "--from", str(sized), "--json").stdout)["slopes"]
    # power answers to the tail current before anything else
    assert max(slopes["power"], key=lambda name: abs(slopes["power"][name] or 0.0)) == "mt"
    assert slopes["power"]["mt"] < 0
    bad = run("mc", OTA, "--corner", "hot")
    assert (bad.returncode, "no such corner" in bad.stderr) == (2, True)


def test_tables_and_comparison(sized: Path, tmp_path: Path) -> None:
    for form in ("csv", "md", "json", "cace"):
        done = run("report", str(sized), "--format", form, "--out", "-")
        assert done.returncode == 0, done.stderr
        assert "gbw" in done.stdout
    other = run("size", OTA, "--policy", "random", "--budget", "3", "--out", str(tmp_path / "r"), "--json")
    assert other.returncode == 1
    both = run("compare", str(sized), str(tmp_path / "r"))
    assert re.search(r"gbw .*✓ (pass|thin)", both.stdout)
    front = json.loads(run("front", str(sized), "power", "gbw", "--json").stdout)["front"]
    assert front
    assert [row["power"] for row in front] == sorted(row["power"] for row in front)
    assert run("front", str(sized), "power", "nothing").returncode == 2


def test_a_schematic_is_netlisted_by_xschem_itself_or_says_how_to_get_it(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "rc.sch", tmp_path)
    if shutil.which("xschem") is None:
        done = run("init", "rc.sch", cwd=tmp_path)
        assert (done.returncode, "apt install xschem" in done.stderr) == (3, True)
        return
    netlist = netlist_of_schematic(tmp_path / "rc.sch", tmp_path)
    assert "R1 out in 1k" in netlist.read_text()
    # a resistor alone is nothing to size: the netlist was read, and that is what is said
    done = run("init", "rc.sch", cwd=tmp_path)
    assert (done.returncode, "there is no circuit to size" in done.stderr) == (2, True)


def test_sizes_into_a_schematic_with_undo(sized: Path, tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "ota.sch", tmp_path)
    text = (tmp_path / "ota.sch").read_text().replace("Wx=3", "W12=3u")
    (tmp_path / "ota.sch").write_text(text)
    done = run("export", str(sized), "--xschem", "ota.sch", cwd=tmp_path)
    # the other parameters of this circuit have no place in that schematic, which is said
    assert done.returncode == 1
    assert "l34 was not found" in done.stderr.lower()
    assert "+C {devices/code_shown.sym}" in done.stdout
    assert (tmp_path / "ota.sch.bak").read_text() == text


def test_the_signoff_set_and_the_end_of_a_run(tmp_path: Path) -> None:
    done = run(
        "size",
        OTA,
        "--corners",
        "signoff",
        "--budget",
        "6",
        "--policy",
        "random",
        "--events",
        "--out",
        str(tmp_path / "s"),
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    started = next(event for event in events if event["type"] == "run.started")
    assert len(started["corners"]) == 17
    verified = next(event for event in events if event["type"] == "verified")
    assert len(verified["corners"]) == 17
    assert verified["deviation"] == 0.0
    # corners were skipped where they could not matter
    turns = [event for event in events if event["type"] == "turn.evaluated"]
    assert min(len(turn["evaluation"]["values"]) for turn in turns) == 1
    again = run("size", "--resume", str(tmp_path / "s"), "--budget", "7", "--json")
    assert again.returncode in {0, 1}, again.stderr
    assert json.loads(again.stdout)["simulations"] == 7
    # what was left out is as the run was started, and other corners would be another run
    journal = [json.loads(line) for line in (tmp_path / "s" / "journal.jsonl").read_text().splitlines()]
    assert [len(event["corners"]) for event in journal if event["type"] == "run.started"] == [17, 17]
    other = run("size", "--resume", str(tmp_path / "s"), "--corners", "nominal")
    assert (other.returncode, "the run was started with corners signoff, not nominal" in other.stderr) == (2, True)


def test_sizing_for_yield(tmp_path: Path) -> None:
    done = run(
        "size", OTA, "--robust", "0.5", "--samples", "10", "--budget", "45", "--out", str(tmp_path / "r"), "--json"
    )
    data = json.loads(done.stdout)
    assert data["monte_carlo"]["samples"] == 10
    assert done.returncode == (0 if data["monte_carlo"]["interval"][0] >= 0.5 else 1)
    assert data["reached"] == (done.returncode == 0)
    assert run("size", OTA, "--robust", "1.5").returncode == 2

"""The sections of a report say what was measured: violations, yields, conditions, and a run of a thousand turns."""

from __future__ import annotations

import math
import re
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from eda_agent.cli.main import main
from eda_agent.problem.spec import Problem
from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal
from eda_agent.record.report import html_report
from eda_agent.record.report.conditions import corner_rows
from eda_agent.record.report.curves import FEW, shown_corners, wave_figures
from eda_agent.record.report.evidence import Evidence
from eda_agent.record.report.evidence import testbench_rows as bench_rows
from eda_agent.record.report.head import head
from eda_agent.record.report.points import margin_matrix, point_tables
from eda_agent.record.report.yields import yields
from eda_agent.run import Request, size

from ..conftest import CIRCUITS, ROOT


def point(margin: float, current: float = 1e-6) -> dict[str, float]:
    return {
        "id": current,
        "gm": 1e-5,
        "gds": 1e-7,
        "vth": 0.5,
        "vdsat": 0.1,
        "vgs": 0.6,
        "vds": 0.1 + margin,
        "gm_id": 10.0,
        "margin": margin,
    }


def test_a_device_that_must_be_saturated_and_is_not_is_a_violation() -> None:
    points = {
        "tt": {"m1": point(0.2), "m2": point(0.05), "sw": point(-0.09)},
        "ss": {"m1": point(0.1), "m2": point(-0.02), "sw": point(-0.09)},
        "ff": {"m1": point(0.15), "m2": point(0.01), "sw": point(0.0, current=0.0)},
    }
    tables = point_tables(points, ["tt", "ss", "ff", "missing"], {"m1", "m2"})
    assert [(table["corner"], table["violations"]) for table in tables] == [("tt", 0), ("ss", 1), ("ff", 0)]
    assert [row["bad"] for row in tables[1]["rows"]] == [False, True, False]
    assert "-20 mV" in tables[1]["rows"][1]["cells"] and tables[1]["rows"][1]["region"] == "triode"
    matrix = margin_matrix(points, ["tt", "ss", "ff"], {"m1", "m2"})
    # the worst of those that must be saturated first, then the others
    assert [row["name"] for row in matrix] == ["m2", "m1", "sw"]
    assert [cell["text"] for cell in matrix[0]["cells"]] == ["50", "-20", "10"]
    assert [cell["kind"] for cell in matrix[0]["cells"]] == ["", "fail", ""]
    assert [cell["text"] for cell in matrix[2]["cells"]] == ["-90", "-90", "off"]
    assert not any(cell["kind"] for cell in matrix[2]["cells"])
    assert margin_matrix(points, ["tt"], ()) == []


def test_yields_have_sigma_distance_and_capability() -> None:
    values = [70.0, 71.0, 72.0, 69.0, 73.0]
    mean, sigma = statistics.mean(values), statistics.stdev(values)
    spec = {"name": "gain", "unit": "dB", "minimum": 68.0, "maximum": None}
    fixed = {"name": "area", "unit": "m²", "minimum": None, "maximum": 1e-12}
    found: dict[str, Any] = {
        "gain": {
            "mean": mean,
            "deviation": sigma,
            "yield": 1.0,
            "interval": [0.5, 1.0],
            "values": values,
            "bounds": [""] * 5,
        },
        "area": {
            "mean": 1e-13,
            "deviation": 0.0,
            "yield": 1.0,
            "interval": [0.5, 1.0],
            "values": [1e-13] * 5,
            "bounds": [""] * 5,
        },
    }
    data = {
        "samples": 5,
        "passed": 5,
        "seed": 3,
        "yield": 1.0,
        "interval": [0.5, 1.0],
        "corners": ["tt"],
        "specs": found,
    }
    shown = yields(data, [fixed, spec])
    first, second = shown["rows"]
    assert first["name"] == "gain" and first["mean"] == "71 dB" and first["sigma"] == "1.58 dB"
    assert float(first["sigmas"].split()[0]) == pytest.approx((mean - 68) / sigma, abs=0.05)
    assert float(first["cpk"]) == pytest.approx((mean - 68) / sigma / 3, abs=0.005)
    assert second["sigmas"] == "—"
    # a histogram and the quantiles, of what varies
    assert len(shown["plots"]) == 2 and "min 68 dB" in shown["plots"][0]
    # a limit far away does not flatten the distribution
    far = yields(data, [{**spec, "minimum": 10.0}])
    for drawing in far["plots"]:
        assert ">min 10 dB</text>" in drawing
        assert "max" not in drawing


def test_few_corners_are_shown_the_first_and_the_worst() -> None:
    corners = [f"c{number}" for number in range(17)]
    shown = shown_corners(corners, ["c9", "c3", "elsewhere", "c9"])
    assert list(shown) == ["c0", "c9", "c3"]
    assert list(shown_corners(corners[:4], ["c3"])) == ["c0", "c3", "c1", "c2"]
    assert list(shown_corners(corners, [])) == corners[:FEW]
    assert list(shown_corners(corners, corners[4:])) == ["c0", "c4", "c5", "c6", "c7"]
    wave = {"axis": [1.0, 10.0], "probes": {"loop": [[2.0, 0.5], [0.0, -0.5]]}}
    about = {"ac": {"what": "gain", "sign": 1}}
    (figure,) = wave_figures("full", "ac", dict.fromkeys(corners, wave), about, ["c9", "c3"])
    gain, phase = figure.plots
    assert len(gain.lines) == len(phase.lines) == 17
    assert [line.name for line in gain.lines if not line.hidden] == list(shown)
    assert "c9" in figure.caption and phase.y.step == 45
    # a mark disappears with the line of its corner
    assert all(gain.lines[mark.line].name == "c9" for mark in gain.marks)


def test_a_stimulus_that_is_the_same_everywhere_is_drawn_once() -> None:
    waves = {
        corner: {"axis": [0.0, 1.0], "probes": {"out": [0.0, level], "in": [0.0, 1.0]}}
        for corner, level in (("tt", 1.0), ("ss", 0.9))
    }
    (figure,) = wave_figures("step", "tran", waves, {"limits": None, "dc": {}})
    assert [line.name for line in figure.plots[0].lines] == ["tt out", "ss out", "in"]


def test_conditions_are_those_of_the_spec(problems: dict[str, Problem]) -> None:
    rows = {row["name"]: row for row in bench_rows(problems["ldo"])}
    assert "load_current = 5 mA" in rows["full"]["settings"] and "load_current = 50 uA" in rows["light"]["settings"]
    assert "line_high = 1.89 V (1.05*vdd)" in rows["line"]["settings"]
    assert rows["step"]["analyses"] == ["transient of 8.4 us with steps of 20 ns"]
    assert "dropout" in rows["line"]["specs"]
    assert not any("{" in command for row in rows.values() for command in row["analyses"])


@pytest.fixture(scope="module")
def missed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sections")
    shutil.copytree(CIRCUITS / "ota_5t", place / "circuit")
    netlist = place / "circuit" / "ota_5t.spice"
    # a comment of someone else's, beside the lines that change
    netlist.write_text(
        netlist.read_text().replace(".subckt", "* </pre><script>alert(1)</script> {{ 7 * 7 }}\n.subckt", 1)
    )
    size(Request(place / "circuit", "random", simulations=3, out=place / "run", seed=1))
    return place / "run"


def test_the_head_has_versions_times_and_the_verdict(missed: Path) -> None:
    state = fold(read_journal(missed / "journal.jsonl"))
    best = best_turn(state)
    shown = head(state, Evidence(author="Ada"), now=1_800_000_000.0)
    facts = dict(shown["facts"])
    assert "ngspice" in facts["versions"] and "Python" in facts["versions"]
    assert facts["report"].startswith("2027-01-1") and facts["report"].endswith("Ada")
    assert "random, seed 1" in facts["policy"]
    count = sum(not result["met"] for result in best["specs"].values())
    assert shown["met"] == (count == 0)
    assert shown["outcome"].startswith("every spec met" if shown["met"] else f"{count} of {len(best['specs'])}")
    # a journal of 0.1.0 without times and versions
    old = RunState(
        started={name: value for name, value in state.started.items() if name not in {"t", "corner_table"}},
        turns=state.turns,
        best=state.best,
    )
    assert "at an unknown time" in dict(head(old, Evidence(), 0.0)["facts"])["run"]
    assert corner_rows(old, best)[0]["process"] == "—"
    assert "not met" in html_report(old) or "every spec met" in html_report(old)


def test_a_report_by_command(missed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(missed), "--author", "R. Eviewer", "--samples", "5"]) == 0
    page = (missed / "report.html").read_text()
    # twice in the whole netlist, for the screen and for print, and perhaps in the diff
    assert page.count("&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }}") >= 2
    assert page.count("<script>") == 1
    assert "R. Eviewer" in page and "of 5 samples meet every spec" in page and "<svg" in page
    assert main(["report", str(missed), "--no-sim", "--author", ""]) == 0
    assert "Operating points" in (missed / "report.html").read_text()


def test_a_thousand_turns_stay_small_and_quick(missed: Path) -> None:
    state = fold(read_journal(missed / "journal.jsonl"))
    first = state.turns[0]
    turns = [
        {**state.turns[1 + number % 3], "index": number, "score": 1 - math.exp(-number / 200)}
        for number in range(1, 1001)
    ]
    many = RunState(
        started=state.started, turns=[first, *turns], best={**state.best, "index": 1000}, finished=state.finished
    )
    start = time.process_time()
    page = html_report(many)
    # 5 s and 5 MB with waveforms in 17 corners: these are most of both (docs/report.md)
    assert time.process_time() - start < 2.5
    assert len(page.encode()) < 1_000_000


def test_a_journal_of_version_0_1_0_has_a_report() -> None:
    """Its specs have no corners of their own, and no corner a definition."""
    state = fold(read_journal(ROOT / "tests" / "fixtures" / "run" / "ota" / "journal.jsonl"))
    page = html_report(state)
    for spec in state.started["specs"]:
        assert spec["name"] in page
    assert not re.search(r">(None|nan|inf)<", page)

"""A report stands alone, says what the journal says, and nothing in it can act; tables round-trip."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eda_agent.insight.drawing import parts
from eda_agent.problem.load import load_problem
from eda_agent.record.best_turn import best_turn
from eda_agent.record.distribution import histogram, normal_plot
from eda_agent.record.fold import RunState
from eda_agent.record.legend import SAMPLE
from eda_agent.record.plot import Axis, Line, Mark, Plot, line_plot, stacked
from eda_agent.record.report import Evidence, circuit_evidence, html_report
from eda_agent.record.report.specs import in_one_unit
from eda_agent.record.schematic import schematic
from eda_agent.run import simulate_for_report
from eda_agent.units import format_score

from ..conftest import CIRCUITS


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_stands_alone_and_shows_what_was_measured(state: RunState) -> None:
    problem = load_problem(CIRCUITS / "two_stage_miller")
    sizing = best_turn(state)["sizing"]
    found = simulate_for_report(problem, sizing, 4, 0)
    text = html_report(state, Evidence(author="Ada", **circuit_evidence(problem, sizing), **vars(found)))
    page = Page()
    page.feed(text)
    assert not re.search(r"(src|href)\s*=\s*(?!\"#)|@import|url\(", text)
    words = " ".join(page.words)
    for spec in problem.spec_names:
        assert spec in words
    for corner in ("nominal", "slow", "fast"):
        assert corner in words
    assert format_score(best_turn(state)["score"]) in words
    drawn = [attributes for tag, attributes in page.tags if tag == "polyline"]
    # the score, gain and phase, noise, step in three corners
    assert len(drawn) >= 1 + 3 + 3 + 3 + 3
    assert sum(attributes.get("class") == "schematic" for tag, attributes in page.tags if tag == "svg") == 1
    assert sum(attributes.get("class") == "plot" for tag, attributes in page.tags if tag == "svg") >= 4 + 4
    # who, when, with what, in which conditions
    for fact in (
        "Ada",
        "ngspice",
        "SkyWater SKY130",
        "125 °C",
        "load = 3 pF",
        "vcm = 900 mV (vdd/2)",
        "AC from 1 Hz to 10 GHz, 20 points per decade",
    ):
        assert fact in words, fact
    assert "subckt opamp" in words
    # operating points in every corner
    assert set(found.points) == {"nominal", "slow", "fast"} and found.points_bench == "loop"


def test_the_worst_spec_comes_first_and_its_verdict_stays_in_sight(state: RunState) -> None:
    text = html_report(state)
    table = text[text.index('class="scroll specs"') :].split("</table>")[0]
    heads = re.findall(r"<th(?: [^>]*)?>(?:<span[^>]*>)?([^<]*)", table)
    assert heads == ["spec", "target", "", "margin", *state.started["corners"]]
    keys = re.findall(r'<td class="key"><b class="(\w+)" title="[^"]*">(.)</b> (\w+)</td>', table)
    best = best_turn(state)["specs"]
    assert [name for _, _, name in keys] == sorted(best, key=lambda name: (best[name]["met"], best[name]["margin"]))
    assert all((sign == "✓") == best[name]["met"] for _, sign, name in keys)
    # the missed values are marked, in the corners where they miss, and no others
    rows = dict(zip([name for _, _, name in keys], table.split("<tr>")[2:], strict=True))
    specs = {spec["name"]: spec for spec in state.started["specs"]}
    values = best_turn(state)["evaluation"]["values"]
    for name, row in rows.items():
        low, high = specs[name]["minimum"], specs[name]["maximum"]
        missed = [
            value is None or (low is not None and value < low) or (high is not None and value > high)
            for value in (values[corner][name] for corner in state.started["corners"])
        ]
        cells = re.findall(r'<td class="([^"]*)">', row)[-len(missed) :]
        assert ["fail" in cell for cell in cells] == missed, name


def test_a_row_has_one_unit() -> None:
    spec = {"name": "a", "unit": "V/√Hz", "minimum": None, "maximum": 80e-9, "corners": []}
    assert in_one_unit(spec, [(61.1e-9, ""), (1.2e-6, ""), (None, ""), (80.04e-9, ""), (90e-9, ">")]) == (
        "nV/√Hz",
        ["61.1", "1200", "—", "80.04", "> 90"],
    )
    spec = {"name": "a", "unit": "V/V", "minimum": None, "maximum": 0.01, "corners": []}
    assert in_one_unit(spec, [(0.000137, ""), (0.00742, "")]) == ("V/V", ["0.000137", "0.00742"])
    assert in_one_unit({**spec, "unit": "", "maximum": 2.0}, [(1.5, "")]) == ("", ["1.5"])


EVIL = '<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}\x1b[2J" onload="alert(3)'


def test_words_of_others_stay_words(state: RunState) -> None:
    """A model's reasoning, names in a spec, a netlist: what a page shows of them is text."""
    evil_spec = f"dc_gain{EVIL}"
    turns: list[dict[str, Any]] = [
        {
            **turn,
            "proposal": {**turn["proposal"], "reasoning": EVIL},
            "specs": {(evil_spec if name == "dc_gain" else name): one for name, one in turn["specs"].items()},
        }
        for turn in state.turns
    ]
    started = {
        **state.started,
        "problem": EVIL,
        "policy": EVIL,
        "specs": [
            {**spec, "name": evil_spec} if spec["name"] == "dc_gain" else spec for spec in state.started["specs"]
        ],
        "parameters": [{**one, "role": EVIL} for one in state.started["parameters"]],
    }
    hello = {**state.hello, "ngspice": EVIL}
    changed = RunState(started=started, turns=turns, best=state.best, finished=state.finished, hello=hello)
    wave = {"axis": [1.0, 10.0, 100.0], "probes": {"out": [[100.0, 50.0, 1.0], [0.0, -50.0, -1.0]]}}
    point = {
        "id": 1e-6,
        "gm": 1e-5,
        "gds": 1e-7,
        "vth": 0.5,
        "vdsat": 0.1,
        "vgs": 0.6,
        "vds": 0.05,
        "gm_id": 10.0,
        "margin": -0.05,
    }
    rows = {
        "mean": 70.0,
        "deviation": 1.0,
        "yield": 0.5,
        "interval": [0.1, 0.9],
        "values": [69.0, 71.0],
        "bounds": ["", ""],
    }
    problem = load_problem(CIRCUITS / "two_stage_miller")
    drawn = parts(problem, problem.space.initial)
    text = html_report(
        changed,
        Evidence(
            author=EVIL,
            circuit=EVIL,
            models=EVIL,
            netlist=EVIL,
            diff=f"-{EVIL}\n+{EVIL}",
            schematic=schematic(replace(drawn, sizes=dict.fromkeys(drawn.sizes, EVIL)), EVIL),
            testbenches=[
                {"name": EVIL, "title": EVIL, "settings": [EVIL], "analyses": [EVIL], "specs": [evil_spec]},
            ],
            waveforms={(EVIL, EVIL): {"ac": wave}},
            points={started["corners"][0]: {EVIL: point}},
            points_bench=EVIL,
            monte_carlo={
                "samples": 2,
                "passed": 1,
                "seed": 0,
                "yield": 0.5,
                "interval": [0.1, 0.9],
                "corners": [EVIL],
                "process": True,
                "specs": {evil_spec: rows},
            },
        ),
    )
    assert "<img" not in text and text.count("<script>") == 1 and "\x1b" not in text
    assert "7 * 7" in text and "49" not in re.findall(r"onerror=alert\(2\)&gt;(\S*)", text)
    page = Page()
    page.feed(text)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    # every place of the text was reached
    assert text.count("alert(1)") >= 20


def test_every_plot_is_well_formed() -> None:
    for plot in (
        Plot(
            "a & b",
            Axis("f", "Hz", log=True),
            Axis("dB", "dB"),
            [Line("<x>", [1, 10, 100], [1.0, 2.0, float("nan")]), Line("y", [1, 10], [0, 1])],
            {"t": 1.0},
        ),
        Plot("flat", Axis("x"), Axis("y"), [Line("one", [0, 1, 2], [5, 5, 5])]),
        Plot("long", Axis("x"), Axis("y"), [Line("many", list(range(20000)), [float(k % 7) for k in range(20000)])]),
    ):
        text = line_plot(plot)
        ElementTree.fromstring(text)  # our own text
        assert len(text) < 120_000
    marked = Plot("m", Axis("f", "Hz", log=True), Axis("d", "deg", step=45), [Line("a", [1, 10, 100], [0, -90, -170])])
    marked = replace(marked, marks=[Mark(10, -90, "PM <90>", to=-180.0)], verticals={"here": 20.0})
    ElementTree.fromstring(stacked("two", [marked, marked]))
    # our own text
    ElementTree.fromstring(histogram("h", [1.0, 2.0, 3.0], Axis("h", "V"), {"max": 2.5, "mean": 2.0}, ["max"]))
    ElementTree.fromstring(normal_plot("h", [1.0, 2.0, 3.0], Axis("h", "V"), {"max": 2.5}, 2.0, 1.0))
    assert "nothing to draw" in line_plot(Plot("none", Axis("x"), Axis("y", log=True), [Line("a", [1], [0.0])]))


@given(st.lists(st.text("abwMgp:.", min_size=1, max_size=36), min_size=2, max_size=30))
def test_names_in_a_legend_never_touch_and_no_two_lines_look_the_same(names: list[str]) -> None:
    lines = [Line(name, [0, 1], [0, number]) for number, name in enumerate(names)]
    # our own text
    drawn = ElementTree.fromstring(line_plot(Plot("many", Axis("x"), Axis("y"), lines, width=760, height=400)))
    strokes = {(line.get("stroke"), line.get("stroke-dasharray")) for line in drawn.iter("polyline")}
    assert len(strokes) == len(names)
    written = list(drawn.iter())
    axis = max(float(text.get("y", 0)) for text in drawn.iter("text") if text.get("text-anchor") == "middle")
    entries = [
        text
        for text in written
        if text.tag == "text" and text.get("class") == "tick" and float(text.get("y", 0)) > axis
    ]
    assert [text.text for text in entries] == names
    ends: dict[float, float] = {}
    for text in entries:
        row, x = float(text.get("y", 0)), float(text.get("x", 0))
        assert row < float(drawn.get("height", 0))
        assert x - SAMPLE >= ends.get(row, 0) - 1  # a sample of the line stands before its name
        ends[row] = x + 0.5 * 11 * len(text.text or "")  # half an em, the mean of a letter

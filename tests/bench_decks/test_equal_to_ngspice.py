"""Every number that `ngspice -b` prints for a designer's deck is the number that eda-agent measures, to its last
digit.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.problem.script.compiler import result_name
from eda_agent.simulation.executor import Task
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

DECKS = Path(__file__).parent / "decks"
NAMES = sorted(path.stem for path in DECKS.glob("*.spice"))
_LINE = re.compile(
    r"^(?P<name>\S.*?)\s*=\s+(?P<value>[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?)(?:\s+(?:at|from|to|targ|trig|with)=.*)?$"
)
_DISTORTION = re.compile(r"Fourier analysis for (\S+):\s+No\. Harmonics: \d+, THD: (\S+) %")
BEYOND = {"sr"}
"""Results that ngspice itself does not have: `deriv` of a .meas line."""


@pytest.fixture(scope="module")
def pool():
    with_workers = LocalPool(1)
    yield with_workers
    with_workers.close()


def printed(deck: Path) -> dict[str, str]:
    """Name → the last text that `ngspice -b` prints for it."""
    out = subprocess.run(["ngspice", "-b", deck.name], cwd=deck.parent, capture_output=True, text=True, timeout=60)
    found = {}
    for line in out.stdout.splitlines():
        match = _LINE.match(line.strip())
        if match and not line.startswith(("Doing", "Total")):
            found[result_name(match["name"])] = match["value"]
    for name, value in _DISTORTION.findall(out.stdout):
        found[result_name(f"thd_{name}")] = value
    return found


def measured(deck: Path, folder: Path, pool: LocalPool) -> tuple[dict[str, float], list[str]]:
    """(result → value, messages) of the deck as a testbench, at the netlist's own sizes."""
    for file in (deck, *(deck.parent / "parts").glob("*")):
        target = folder / file.relative_to(deck.parent)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(file, target)
    draft = read_circuit(folder / deck.name, folder)
    spec = folder / "spec.yaml"
    spec.write_text(write_draft(draft, deck.name), encoding="utf-8")
    problem = load_problem(spec)
    bench = Workbench(problem, folder / "models")
    reply = pool.run([Task(bench.decks[0], bench.instance(problem.space.initial))])[0]
    assert "failure" not in reply, reply["failure"]
    return {name: row[0] for name, row in reply["results"].items()}, reply["messages"]


def as_printed(value: float, text: str) -> str:
    """A value with as many digits as ngspice prints."""
    if "e" in text:
        return f"{value:.{len(text.partition('e')[0].partition('.')[2])}e}"
    return f"{value:g}"


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_that_ngspice_prints(name, pool, tmp_path):
    deck = DECKS / f"{name}.spice"
    ours, messages = measured(deck, tmp_path, pool)
    # in a copy, because ngspice writes the files that a script asks for
    theirs = printed(tmp_path / deck.name)
    assert theirs, "ngspice printed nothing: the deck is wrong"
    different = {
        key: (text, as_printed(ours[key], text) if key in ours else None)
        for key, text in theirs.items()
        if key not in ours or as_printed(ours[key], text) != text
    }
    assert not different, (different, messages)
    assert not messages


@pytest.mark.parametrize(
    ("name", "edits", "corner"),
    [
        ("ac_script", {"V1 vdd GND 1.8": "V1 vdd GND 1.6\n.temp 85"}, "vdd: 1.6, temperature: 85"),
        # a parameter of the bench, which a corner changes too
        (
            "two_analyses",
            {".param vdd=1.8 cload=3p": ".param vdd=1.7 cload=5p\n.temp -40"},
            "vdd: 1.7, temperature: -40, cload: 5p",
        ),
        ("supply_parameter", {".param vsup=1.8": ".param vsup=1.5"}, "vdd: 1.5"),
        ("supply_formula", {".param vhalf=0.9": ".param vhalf=0.75"}, "vdd: 1.5"),
        ("tran_cards", {".param supply=1.8": ".temp 60\n.param supply=1.5"}, "vdd: 1.5, temperature: 60"),
    ],
)
def test_a_corner_is_the_deck_with_that_supply_temperature_and_parameter(name, edits, corner, pool, tmp_path):
    text = (DECKS / f"{name}.spice").read_text(encoding="utf-8")
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "edited.spice").write_text(text, encoding="utf-8")
    theirs = printed(tmp_path / "edited.spice")
    deck = tmp_path / f"{name}.spice"
    shutil.copy(DECKS / deck.name, deck)
    spec = tmp_path / "spec.yaml"
    drafted = write_draft(read_circuit(deck, tmp_path), deck.name).splitlines()
    nominal = next(number for number, line in enumerate(drafted) if line.startswith("  nominal:"))
    drafted.insert(nominal + 1, f"  other: {{process: tt, {corner}}}")
    spec.write_text("\n".join(drafted), encoding="utf-8")
    problem = load_problem(spec)
    bench = Workbench(problem, tmp_path / "models")
    other = next(deck for deck in bench.decks if deck.corner == "other")
    reply = pool.run([Task(other, bench.instance(problem.space.initial))])[0]
    ours = {key: row[0] for key, row in reply["results"].items()}
    assert theirs and {key: as_printed(ours[key], shown) for key, shown in theirs.items()} == theirs


def test_a_loop_gives_the_smallest_and_the_largest_value_too(pool, tmp_path):
    ours, _ = measured(DECKS / "foreach_load.spice", tmp_path, pool)
    assert ours["bw_min"] == ours["bw"] < ours["bw_max"]  # the last load is the largest
    once, _ = measured(DECKS / "conditions.spice", tmp_path, pool)
    # measured twice, but not in a loop: the last value alone
    assert "period" in once and "period_min" not in once


def test_a_derivative_is_the_slope_between_two_points(pool, tmp_path):
    # ngspice has no deriv: the slope of a follower in the middle of its step, from two find lines
    ours, _ = measured(DECKS / "two_analyses.spice", tmp_path, pool)
    assert 1e6 < abs(ours["sr"]) < 1e9

"""The corners that a plot shows are the worst ones of the specs that are measured from it."""

from __future__ import annotations

import json

import pytest

from eda_agent.record.report.curves import FEW, shown_corners
from eda_agent.record.report.worst_corners import Worst, worst_corners
from eda_agent.tui.corner_waves import CornerWaves
from tests.tui.old_run import FIXTURE

CORNERS = [f"c{number}" for number in range(17)]


def spec(name: str, **bounds: float) -> dict[str, object]:
    return {"name": name, "metric": name, "minimum": None, "maximum": None, **bounds}


SPECS = [
    spec("phase_margin", minimum=60.0),
    spec("gain_margin", minimum=7.0),
    spec("gbw", minimum=1e6),
    spec("output_noise", maximum=1e-7),
    spec("power", maximum=1e-3),
]
VALUES: dict[str, dict[str, float | None]] = {
    corner: {
        "phase_margin": 80.0 - number,  # worst in c16
        "gain_margin": 9.0 - 0.1 * abs(8 - number),  # worst at both ends
        "gbw": 2e6 + abs(number - 11) * 1e4,  # worst in c11
        "output_noise": 1e-8 * (3.0 if number == 5 else 1.0 + number / 100),
        "power": 5e-4 * (1.5 if number in {2, 3} else 1.0),
    }
    for number, corner in enumerate(CORNERS)
}


def found() -> Worst:
    worst = {"phase_margin": "c16", "gain_margin": "c0", "gbw": "c11", "output_noise": "c5", "power": "c2"}
    # the margins make the specs of other plots the most important ones, as a tight budget of noise or power does
    margins = {"phase_margin": 0.3, "gain_margin": 0.2, "gbw": 0.9, "output_noise": 0.01, "power": 0.001}
    results = {name: {"corner": corner, "margin": margins[name]} for name, corner in worst.items()}
    return worst_corners(SPECS, results, dict.fromkeys(worst, "full"), VALUES)


def test_each_plot_has_the_worst_corners_of_its_own_specs() -> None:
    worst = found()
    assert worst["full", "ac"][:3] == ["c16", "c0", "c11"]
    assert worst["full", "noise"][:3] == ["c5", "c16", "c15"]
    # what the specs of one plot do not need, goes to their next worst corners
    assert set(shown_corners(CORNERS, worst["full", "ac"])) == {"c0", "c16", "c11", "c15", "c10"}
    assert "c5" in shown_corners(CORNERS, worst["full", "noise"])
    assert not {"c2", "c5"} & set(shown_corners(CORNERS, worst["full", "ac"]))
    # no spec is measured from the transient: those of the testbench
    assert {"c2", "c5", "c16"} <= set(shown_corners(CORNERS, worst["full", "tran"]))


def test_a_corner_without_a_value_is_the_worst_after_the_result_and_a_users_own_metric_counts_everywhere() -> None:
    own = [{**spec("settled"), "metric": "my_formula", "minimum": 1.0}]
    values: dict[str, dict[str, float | None]] = {
        "a": {"settled": 3.0},
        "b": {"settled": None},
        "c": {"settled": 1.5},
    }
    worst = worst_corners(own, {"settled": {"corner": "c", "margin": 0.1}}, {"settled": "own"}, values)
    assert worst["own", "ac"] == worst["own", "tran"] == ["c", "b", "a"]


@pytest.mark.parametrize("kind", ["ac", "noise"])
def test_the_terminal_draws_the_corners_of_the_report(kind: str) -> None:
    known = json.loads((FIXTURE.parent / "answers" / "waves.json").read_text())
    wave = next(row for row in known if row["testbench"] == "loop")["analyses"]
    rows = [
        {"testbench": "full", "corner": corner, "analyses": wave, "specs": [one["name"] for one in SPECS]}
        for corner in CORNERS
    ]
    margins = {"phase_margin": 0.3, "gain_margin": 0.2, "gbw": 0.9, "output_noise": 0.01, "power": 0.001}
    places = {"phase_margin": "c16", "gain_margin": "c0", "gbw": "c11", "output_noise": "c5", "power": "c2"}
    results = {name: {"corner": corner, "margin": margins[name]} for name, corner in places.items()}
    waves = CornerWaves(rows, SPECS, results, VALUES)
    wanted = {"ac": "full: loop gain", "noise": "full: input noise"}[kind]
    plot = next(one for figure in waves.figures() for one in figure.plots if one.title == wanted)
    drawn = {line.name for line in plot.lines if not line.hidden}
    assert len(drawn) == FEW and drawn == set(shown_corners(CORNERS, found()["full", kind]))

"""Tables at 80 columns keep names, verdicts, margins and yields whole."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from eda_agent.cli.commands.mc import table
from eda_agent.cli.fitting import Column, fitted, width_of
from eda_agent.cli.main import main
from eda_agent.cli.nearest import nearest
from eda_agent.cli.render import operating_table, sizing_table
from eda_agent.cli.spec_table import spec_table
from eda_agent.metrics import METRICS
from eda_agent.problem.spec import Spec
from eda_agent.simulation.montecarlo import MonteCarlo

from ..conftest import ROOT

CORNERS = [
    "nominal",
    *(f"{one}_{volts}V_{cold}C" for one in ("ss", "sf") for volts in (1.62, 1.98) for cold in (-40, 125)),
]
SPECS = [
    {"name": "phase_margin_light", "unit": "deg", "minimum": 45.0, "maximum": None},
    {"name": "output_noise", "unit": "V/√Hz", "minimum": None, "maximum": 300e-9},
    {"name": "saturation", "metric": "saturation_margin", "unit": "V", "minimum": 0.02, "maximum": None},
]


def lines(shown: RenderableType, width: int) -> list[str]:
    screen = Console(file=io.StringIO(), width=width, color_system=None)
    screen.print(shown)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue().splitlines()


def split(shown: RenderableType, width: int) -> tuple[list[str], list[str]]:
    """(the lines of a table, the columns that the line below it names as left out)."""
    found = lines(shown, width)
    assert max(map(len, found)) <= width
    if not found[-1].startswith("not shown in"):
        return found, []
    note = found.pop().removeprefix(f"not shown in {width} columns: ")
    return found, note.split(", ")


@pytest.mark.parametrize("width", [72, 80, 100, 160])
def test_a_spec_in_many_corners_keeps_its_name_verdict_margin_and_worst_corner(width: int) -> None:
    values = {corner: {"phase_margin_light": 48.4, "output_noise": 155e-9, "saturation": 0.0312} for corner in CORNERS}
    values["nominal"] = {"phase_margin_light": 52.9, "output_noise": 135e-9, "saturation": 0.0785}
    results = {
        name: {"corner": CORNERS[-1], "value": value, "margin": 0.1, "met": True, "why": why}
        for (name, value), why in zip(values[CORNERS[-1]].items(), ("", "", "xm5"), strict=True)
    }
    found = lines(spec_table(SPECS, results, CORNERS, {"values": values}, width), width)
    head, *rows = found[:4]
    assert max(map(len, found)) <= width and not any("…" in line for line in found)
    for row, name, target, margin in zip(
        rows,
        results,
        ("≥ 45 deg", "≤ 300 nV/√Hz", "≥ 20 mV"),
        ("+3.4 deg", "+48 %", "+11 mV"),
        strict=True,
    ):
        assert all(cell in row for cell in (name, target, margin, CORNERS[-1], "✓ pass"))
    assert "verdict" in head and ("least margin in xm5" if width < 100 else "(xm5)") in " ".join(found)
    # the lowest and highest value give way last, and never without the worst
    assert "min" in head or "worst " in head.replace("worst in", "")
    assert ("155" in rows[1]) and ("48.4" in rows[0])


def test_monte_carlo_at_80_columns_shows_every_yield_and_no_deviation_of_rounding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("phase_margin_light", "dc_gain", "gate_area")
    metrics = ("phase_margin", "dc_gain", "gate_area")
    bounds = ((45.0, None), (50.0, None), (None, 4e-10))
    specs = tuple(
        Spec(name, METRICS[metric], "ac", low, high, unit=METRICS[metric].unit)
        for name, metric, (low, high) in zip(names, metrics, bounds, strict=True)
    )
    values: dict[str, list[float | None]] = {
        "phase_margin_light": [50.0, 52.0] * 10,
        "dc_gain": [37.1, 37.8] * 10,
        # 20 times the same number: its mean is another one
        "gate_area": [1.2000000000000002e-11] * 20,
    }
    found = MonteCarlo(specs, values, {name: [""] * 20 for name in names}, ("nominal",), 0)
    assert found.spread("gate_area") == (1.2000000000000002e-11, 0.0)
    shown, dropped = split(table(found, 80), 80)
    assert dropped[:2] == ["min", "max"]
    assert max(map(len, shown)) <= 80 and not any("…" in line for line in shown)
    for line, name, passed in zip(shown[1:], names, ("100 (83–100)", "0 (0–17)", "100 (83–100)"), strict=True):
        assert line.startswith(name) and line.rstrip().endswith(passed)
    assert "min" not in shown[0] and "min" in lines(table(found, 120), 120)[0]


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 3)), min_size=1, max_size=8), st.integers(10, 90))
def test_columns_are_dropped_in_their_order_and_no_more_than_needed(shape: list[tuple[int, int]], width: int) -> None:
    columns = [Column("", ["x" * size], drop=drop) for size, drop in shape]
    kept = fitted(columns, width)
    assert [column for column in columns if column in kept] == kept
    assert all(column in kept for column in columns if column.drop == 0)
    lost = {column.drop for column in columns if column not in kept}
    assert not lost or all(column.drop < min(lost) for column in kept)
    assert width_of(kept) <= width or not any(column.drop for column in kept)
    if lost:
        assert width_of([column for column in columns if column.drop <= min(lost)]) > width


def test_a_mistyped_spec_or_corner_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    run = ROOT / "tests" / "fixtures" / "run" / "ota"
    assert main(["front", str(run), "dc_gian", "gbw"]) == 2
    assert "did you mean dc_gain?" in capsys.readouterr().err
    assert main(["mc", str(run), "--corner", "slwo"]) == 2
    assert "did you mean slow?" in capsys.readouterr().err
    assert nearest("xyz", ["a", "b"]) == "one of a, b"
    # the beginning of a corner is that corner, although fast has both letters
    assert nearest("fs", ["nominal", "fast", "fs_1.6V", "fs_2V"]) == "did you mean fs_1.6V or fs_2V?"
    assert nearest("Noise", ["input_noise", "gain"]) == "did you mean input_noise?"


@pytest.mark.parametrize(("width", "without"), [(200, []), (80, ["gds", "inversion"])])
def test_devices_of_a_hierarchy_keep_their_names_in_one_line(width: int, without: list[str]) -> None:
    point = {
        "id": 11.9e-6,
        "gm": 232e-6,
        "gds": 1.47e-6,
        "gm_id": 19.5,
        "vdsat": 71.7e-3,
        "vds": 0.901,
        "margin": 0.829,
    }
    names = ["xbias_gen.xmnpref", "xthird_stage.xmn1"]
    points = {name: {**point, "region": region} for name, region in zip(names, ("triode", "saturation"), strict=True)}
    (head, *rows), dropped = split(operating_table(points, width), width)
    assert dropped == without
    assert [row.split()[0] for row in rows] == names and "! triode" in rows[0] and rows[1].endswith("saturation")
    assert [
        name for name in ("id", "gm", "gds", "gm/id", "inversion", "vdsat", "vds") if name not in head.split()
    ] == without
    assert max(map(len, [head, *rows])) <= width


def test_names_of_sizes_are_whole_and_the_role_gives_way() -> None:
    names = [f"differential_pair_pmos.xm1.{size}" for size in "wl"]
    row = {"unit": "m", "minimum": 420e-9, "maximum": 50e-6, "role": "input pair width", "locked": False}
    parameters = [{**row, "name": name} for name in names]
    sizing = dict.fromkeys(names, 50e-6)
    for width, heads in ((200, ["before", "role"]), (80, ["before"]), (66, [])):
        (head, *rows), dropped = split(sizing_table(parameters, sizing, sizing, width), width)
        assert heads + dropped == ["before", "role"]
        assert [row.split()[0] for row in rows] == names and all("50 um at its maximum" in row for row in rows)
        assert [one for one in ("before", "role") if one in head] == heads and max(map(len, [head, *rows])) <= width

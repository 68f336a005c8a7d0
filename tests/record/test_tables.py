"""A run as tables for other programs: CSV, CACE datasheets, xschem schematics."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import yaml

from eda_agent.errors import InputError
from eda_agent.problem.line_edit import Edit
from eda_agent.record.fold import RunState
from eda_agent.record.tables import cace_datasheet, csv_turns, markdown_summary, read_cace
from eda_agent.record.xschem import write_sizes

from ..conftest import ROOT


def test_csv_has_every_turn_and_the_numbers_of_the_journal(state: RunState) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_turns(state))))
    assert len(rows) == len(state.turns)
    for row, turn in zip(rows, state.turns, strict=True):
        assert float(row["score"]) == turn["score"]
        assert float(row["W12"]) == turn["sizing"]["W12"]
    heads = csv_turns(state, units=True).splitlines()[0].split(",")
    assert heads[:5] == ["turn", "policy", "score", "met", "corners"] and {"W12 (m)", "gbw (Hz)"} <= {*heads}
    assert heads != csv_turns(state).splitlines()[0].split(",") and len(heads) == len(rows[0])
    assert markdown_summary(state).count("| dc_gain |") == 1


def test_a_cace_datasheet_round_trips(state: RunState, tmp_path: Path) -> None:
    path = tmp_path / "cace.yaml"
    path.write_text(cace_datasheet(state, "sized.spice"))
    found = read_cace(path)
    for spec in state.started["specs"]:
        for side in ("minimum", "maximum"):
            # a datasheet has no devices: what is asked of their operating points is written, and not read
            if spec[side] is not None and not spec.get("devices"):
                assert found[spec["metric"]][side] == pytest.approx(spec[side])
    data = yaml.safe_load(path.read_text())
    assert "saturation" in data["parameters"]["saturation"]["description"]
    results = data["parameters"]["gbw"]["results"]
    assert results["minimum"] <= results["typical"] <= results["maximum"]


def test_a_datasheet_of_someone_else(tmp_path: Path) -> None:
    path = tmp_path / "amp.yaml"
    path.write_text(
        "name: amp\ncace_format: 5.2\nparameters:\n  gain:\n    unit: dB\n    spec:\n      gain:\n        minimum:"
        " {value: 60, fail: true}\n        typical: {value: any}\n  idd:\n    unit: uA\n    spec: {idd: {maximum:"
        " {value: 50}}}\n  colour:\n    spec: {colour: {maximum: {value: red}}}\n"
    )
    assert read_cace(path) == {"dc_gain": {"minimum": 60.0}, "supply_current": {"maximum": pytest.approx(50e-6)}}
    path.write_text("name: x\n")
    with pytest.raises(InputError, match="no CACE datasheet"):
        read_cace(path)
    path.write_text("parameters: {colour: {spec: {colour: {maximum: {value: 1}}}}}\n")
    with pytest.raises(InputError, match="no parameter of the datasheet"):
        read_cace(path)


def test_sizes_go_back_into_an_xschem_schematic() -> None:
    path = ROOT / "tests" / "fixtures" / "ota.sch"
    values = {
        Edit("ota", "xm1", "w"): 7.25,
        Edit("ota", "xm5", "m"): 6.0,
        Edit("", "", "wx"): 4.5,
        Edit("", "", "cc"): 2e-12,
        Edit("ota", "xm9", "w"): 1.0,
    }
    text, missing = write_sizes(path, values)
    assert missing == ("xm9.w",)
    old = path.read_text().splitlines()
    changed = [(one, other) for one, other in zip(old, text.splitlines(), strict=True) if one != other]
    assert changed == [
        ("W=5", "W=7.25"),
        ("nf=1 mult=4", "nf=1 mult=6"),
        (old[-2], old[-2].replace("Wx=3", "Wx=4.5")),
        ('.param Cc=1p"}', '.param Cc=2e-12"}'),
    ]

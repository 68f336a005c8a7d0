"""First sizes of netlists without any, and corners in which a circuit hardly works."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.problem.draft import Draft, guesses_of, read_answers, read_circuit, write_draft
from eda_agent.problem.draft.branch_currents import branch_currents
from eda_agent.problem.draft.collapsed_corners import collapsed_corners, words
from eda_agent.problem.draft.extremes import spread_of
from eda_agent.problem.draft.targets import targets_of
from eda_agent.problem.load import load_problem
from eda_agent.run.evaluate_once import measure_once

MILLER = """* two stages of a book, without sizes
.subckt amp inn inp out ib vdd vss
m1 a inn t t pmos
m2 b inp t t pmos
m3 a a vss vss nmos
m4 b a vss vss nmos
m5 t pb vdd vdd pmos
m6 out b vss vss nmos
m7 out pb vdd vdd pmos
m8 pb pb vdd vdd pmos
m9 pb ib vss vss nmos
m10 ib ib vss vss nmos
cc b out 1p
.ends
"""


def drafted(folder: Path, text: str, pdk: str = "sky130A", **answers: list[str]) -> Draft:
    path = folder / "c.sp"
    path.write_text(text)
    draft = read_circuit(path, folder, pdk, None, read_answers(**answers))
    (folder / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    return draft


def width_over_length(draft: Draft, name: str) -> float:
    device = draft.netlist.subcircuits["amp"].device(name)
    assert device is not None
    return float(device.params["w"].rstrip("u")) / float(device.params["l"].rstrip("u"))


def test_currents_follow_from_mirrors_and_kirchhoff(tmp_path: Path) -> None:
    draft = drafted(tmp_path, MILLER)
    currents = branch_currents(draft.structure, draft.kind.bias)
    assert currents["xm10"] == pytest.approx(1, rel=0.02) == currents["xm9"]
    assert currents["xm5"] == pytest.approx(2, rel=0.05)
    assert currents["xm1"] == pytest.approx(currents["xm2"], rel=0.01) == pytest.approx(currents["xm5"] / 2, rel=0.01)
    assert currents["xm3"] == pytest.approx(currents["xm1"], rel=0.01)
    assert currents["xm6"] == pytest.approx(currents["xm7"], rel=0.01) == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize("pdk", ["sky130A", "gf180mcuD"])
def test_every_device_is_saturated_at_its_first_sizes(pdk: str, tmp_path: Path) -> None:
    draft = drafted(tmp_path, MILLER, pdk)
    values = measure_once(load_problem(tmp_path / "spec.yaml"))
    assert values["saturation"] is not None and values["saturation"] > 0.02
    assert (values["dc_gain"] or 0) > 60 and (values["gbw"] or 0) > 3e6
    # the output device has the overdrive of the load mirror: its width follows the ratio of the currents
    ratio = width_over_length(draft, "xm6") / width_over_length(draft, "xm3")
    assert ratio == pytest.approx(4, rel=0.12)
    # the pair is nearer to weak inversion than the mirror beside it
    assert width_over_length(draft, "xm1") > 2 * width_over_length(draft, "xm8")


def test_the_tail_of_the_pair_has_room(tmp_path: Path) -> None:
    draft = drafted(tmp_path, MILLER)
    [guess] = [guess for guess in guesses_of(draft) if guess.what == "common mode"]
    assert guess.value == "600 mV" and "pmos pair" in guess.why and guess.option == "--vcm"


def test_the_user_s_current_sets_the_widths(tmp_path: Path) -> None:
    usual = width_over_length(drafted(tmp_path, MILLER), "xm1")
    assert width_over_length(drafted(tmp_path, MILLER, bias=["ib=20u"]), "xm1") == pytest.approx(4 * usual, rel=0.02)


def test_given_sizes_stay(tmp_path: Path) -> None:
    draft = drafted(tmp_path, MILLER.replace("vss vss nmos", "vss vss nmos w=3u l=1u"))
    assert width_over_length(draft, "xm6") == 3 and not any("first sizes" in said for said in draft.changed)


UNITS = {"gbw": "Hz", "dc_gain": "dB", "settling_time": "s"}
SENSES = {"gbw": "minimum", "dc_gain": "minimum", "settling_time": "maximum"}


@given(st.floats(0.5, 3), st.floats(1e3, 1e9), st.floats(20, 120))
def test_a_corner_is_left_out_from_a_factor_of_ten_on(decades: float, gbw: float, gain: float) -> None:
    worse = {
        "gbw": {"gbw": gbw / 10**decades, "dc_gain": gain, "settling_time": 1e-6},
        "gain": {"gbw": gbw, "dc_gain": gain - 20 * decades, "settling_time": 1e-6},
        "step": {"gbw": gbw, "dc_gain": gain, "settling_time": 1e-6 * 10**decades},
    }
    values = {"nominal": {"gbw": gbw, "dc_gain": gain, "settling_time": 1e-6}, **worse}
    if not math.isclose(decades, 1.0, rel_tol=1e-6):
        assert set(collapsed_corners(values, UNITS, SENSES)) == (set(worse) if decades > 1 else set())


def test_targets_come_from_the_worst_corner_that_works() -> None:
    measured = {"nominal": 10e6, "slow": 6e6, "cold": 3e3, "dead": None}
    values = {corner: {"gbw": value} for corner, value in measured.items()}
    lost = collapsed_corners(values, UNITS, SENSES)
    assert lost == {"cold": "gbw is 3 kHz", "dead": "gbw cannot be measured"}
    (said,) = words(lost)
    assert "cold (gbw is 3 kHz), dead (gbw cannot be measured)" in said and not words({})
    target, how = targets_of({"gbw": "minimum"}, {"gbw": 10e6}, 0.4, spread_of(values, ["gbw"], lost))["gbw"]
    assert 6e6 < target < 10e6 and how == "now 10 MHz, 6 MHz in slow"

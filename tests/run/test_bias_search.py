"""A draft of an amplifier that waits for the gate voltages of its cascodes has voltages at which it amplifies."""

import pytest

from eda_agent.problem.draft.answers import read_answers
from eda_agent.problem.draft.bias_levels import BiasPort, first_levels
from eda_agent.problem.load import load_problem
from eda_agent.problem.structure import Fet, Structure
from eda_agent.run.drafting import draft_spec
from eda_agent.run.evaluate_once import measure_once
from tests.evidence import cases

TELESCOPIC = """* a telescopic amplifier
.subckt tele vdd vss inn inp out ib vcn vcp
xm1 x inp t vss sky130_fd_pr__nfet_01v8 w=10 l=0.5 m=2
xm2 y inn t vss sky130_fd_pr__nfet_01v8 w=10 l=0.5 m=2
xm3 d vcn x vss sky130_fd_pr__nfet_01v8 w=10 l=0.5
xm4 out vcn y vss sky130_fd_pr__nfet_01v8 w=10 l=0.5
xm5 d vcp p vdd sky130_fd_pr__pfet_01v8 w=20 l=0.5
xm6 out vcp q vdd sky130_fd_pr__pfet_01v8 w=20 l=0.5
xm7 p d vdd vdd sky130_fd_pr__pfet_01v8 w=20 l=1
xm8 q d vdd vdd sky130_fd_pr__pfet_01v8 w=20 l=1
xm9 t ib vss vss sky130_fd_pr__nfet_01v8 w=8 l=1 m=4
xm10 ib ib vss vss sky130_fd_pr__nfet_01v8 w=8 l=1
.ends
"""
FOLDED = """* a folded cascode amplifier, every bias voltage from outside
.subckt folded vdd vss inp inn out vbt vbn vcn vcp
xt t vbt vdd vdd pfet_03v3 w=20u l=1u
x1 x inp t vdd pfet_03v3 w=40u l=0.5u
x2 y inn t vdd pfet_03v3 w=40u l=0.5u
x3 x vbn vss vss nfet_03v3 w=8u l=1u
x4 y vbn vss vss nfet_03v3 w=8u l=1u
x5 d vcn x vss nfet_03v3 w=8u l=0.5u
x6 out vcn y vss nfet_03v3 w=8u l=0.5u
x7 d vcp p vdd pfet_03v3 w=20u l=0.5u
x8 out vcp q vdd pfet_03v3 w=20u l=0.5u
x9 p d vdd vdd pfet_03v3 w=20u l=1u
x10 q d vdd vdd pfet_03v3 w=20u l=1u
.ends
"""
CASES = {
    # the voltages of a designer: one overdrive of 0.2 V per device, by hand from the thresholds
    "sky130A": (TELESCOPIC, ["ib=5u"], ["vcn=1.25V", "vcp=0.45V"], {"vcn", "vcp"}),
    "gf180mcuD": (FOLDED, [], ["vbt=2.25V", "vbn=0.9V", "vcn=1.2V", "vcp=2V"], {"vbt", "vbn", "vcn", "vcp"}),
}


def drafted(folder, text, bias, **options):
    folder.mkdir()
    (folder / "amp.spice").write_text(text, encoding="utf-8")
    result = draft_spec(folder / "amp.spice", answers=read_answers(bias=bias), **options)
    return result, (folder / "spec.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("pdk", cases(CASES, "gf180mcuD"))
def test_bias_voltages_are_searched_and_given_ones_stay(tmp_path, pdk):
    text, current, by_hand, ports = CASES[pdk]
    found, spec = drafted(tmp_path / "found", text, current)
    right, given = drafted(tmp_path / "right", text, current + by_hand, simulate=False)
    gain = measure_once(load_problem(tmp_path / "right" / "spec.yaml"))["dc_gain"]
    assert gain > 60
    assert found["measured"]["dc_gain"] > gain - 6
    assert found["measured"]["saturation"] > 0.05
    assert {guess["key"] for guess in found["guessed"] if "search" in guess["why"]} == ports
    # the voltage of PMOS gates follows the supply of a corner
    assert "vcp: {voltage: vdd-" in spec
    assert not any("search" in guess["why"] for guess in right["guessed"])
    assert all(f"{port}: {{voltage: " in given and "vdd-" not in given for port in ports)


def test_the_question_says_that_a_search_follows(tmp_path):
    asked = []
    text, current, *_ = CASES["sky130A"]
    (tmp_path / "amp.spice").write_text(text, encoding="utf-8")
    for simulate in (False, True):
        with pytest.raises(KeyboardInterrupt):
            draft_spec(
                tmp_path / "amp.spice",
                answers=read_answers(bias=current),
                simulate=simulate,
                ask=lambda kind, guesses, said: asked.append({one.key: one.value for one in guesses}) or _stop(),
            )
    assert [found["vcn"] for found in asked] == ["900 mV", "searched"]


def _stop():
    raise KeyboardInterrupt


def test_first_levels_leave_each_device_of_a_stack_its_room():
    pair = [Fet(f"m{n}", "nmos", f"d{n}", f"in{n}", "t", "0") for n in (1, 2)]
    tail = Fet("mt", "nmos", "t", "vb", "0", "0")
    cascode = Fet("mc", "nmos", "out", "vc", "d1", "0")
    structure = Structure(
        ("in1", "in2", "out", "vb", "vc"), (*pair, tail, cascode), (), "vdd", "0", roles={"m1": "input pair"}
    )
    ports = [BiasPort("vb", "nmos", ("mt",), True), BiasPort("vc", "nmos", ("mc",), False)]
    levels = first_levels(structure, ports, {"m1": 0.5, "mt": 0.45, "mc": 0.6}, 1.8, 0.9)
    # a source: threshold and overdrive; a cascode: the source of the pair, 0.2 across the pair, then its own
    assert levels == pytest.approx({"vb": 0.65, "vc": 0.3 + 0.2 + 0.6 + 0.2})

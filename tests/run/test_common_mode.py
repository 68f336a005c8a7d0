"""A draft of an amplifier that does not amplify at half of the supply has a common mode at which it does."""

import re

from eda_agent.problem.draft.answers import read_answers
from eda_agent.problem.load import load_problem
from eda_agent.run.drafting import draft_spec

FOLLOWED = """* an OTA with a source follower at its output, which cannot reach half of the supply
.subckt amp vdd vss inn inp out ib
xm1 o inn t vdd sky130_fd_pr__pfet_01v8 w=4 l=1 m=2
xm2 d inp t vdd sky130_fd_pr__pfet_01v8 w=4 l=1 m=2
xm3 d d vss vss sky130_fd_pr__nfet_01v8 w=2 l=1
xm4 o d vss vss sky130_fd_pr__nfet_01v8 w=2 l=1
xm5 t ib vdd vdd sky130_fd_pr__pfet_01v8 w=8 l=1 m=2
xm6 ib ib vdd vdd sky130_fd_pr__pfet_01v8 w=8 l=1
xm7 vdd o out vss sky130_fd_pr__nfet_01v8 w=1 l=1
xm8 out nb vss vss sky130_fd_pr__nfet_01v8 w=4 l=1
xm9 nb nb vss vss sky130_fd_pr__nfet_01v8 w=4 l=1
xm10 nb ib vdd vdd sky130_fd_pr__pfet_01v8 w=8 l=1
.ends
"""
QUARTER = {
    "what": "common mode",
    "value": "450 mV",
    "why": "a quarter of the supply, where the circuit works at its own sizes",
}


def drafted(folder, **said):
    (folder / "amp.spice").write_text(FOLLOWED, encoding="utf-8")
    result = draft_spec(folder / "amp.spice", force=True, answers=read_answers(bias=["ib=5u"], **said))
    text = (folder / "spec.yaml").read_text(encoding="utf-8")
    return result, re.findall(r"vcm: ([^,}]+)", text), load_problem(folder / "spec.yaml")


def test_a_dead_amplifier_gets_another_common_mode_and_a_given_one_stays(tmp_path):
    result, modes, problem = drafted(tmp_path)
    assert modes == ["450m"] * len(modes) and {"loop", "step"} <= set(problem.testbenches) and len(modes) >= 2
    assert any(QUARTER.items() <= guess.items() for guess in result["guessed"])
    assert result["measured"]["dc_gain"] > 25
    # what the user says stays, also where the amplifier is dead
    given, modes, _ = drafted(tmp_path, vcm="900m")
    assert set(modes) == {"900m"} and not any(guess["what"] == "common mode" for guess in given["guessed"])
    assert any("attenuates" in note for note in given["noticed"])

"""What the user answers holds: kind, ports, conditions and what is sized; what nobody said is listed as a guess."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import Draft, guesses_of, read_answers, read_circuit, write_draft
from eda_agent.problem.draft.answers import Answers, Held, fits
from eda_agent.problem.draft.kinds import KINDS, kind_named
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.load import load_problem
from eda_agent.problem.settings import work_out
from eda_agent.problem.spec import Problem

from .test_what_designers_bring import OTA, N, P


def drafted(folder: Path, text: str, answers: Answers) -> tuple[Draft, Problem]:
    (folder / "c.spice").write_text(text)
    draft = read_circuit(folder / "c.spice", folder, answers=answers)
    (folder / "spec.yaml").write_text(write_draft(draft, "c.spice"))
    return draft, load_problem(folder / "spec.yaml")


def test_conditions_are_those_of_the_user_and_no_guess_is_left(tmp_path: Path) -> None:
    answers = read_answers(supply="1.6", load="3p", vcm="0.7V", bias=["ib=20u"])
    draft, problem = drafted(tmp_path, OTA, answers)
    assert problem.corners[0].vdd == 1.6
    loop = work_out(problem.testbenches["loop"].settings, problem.corners[0])
    assert (loop["load"], loop["vcm"]) == (pytest.approx(3e-12), pytest.approx(0.7))
    assert "ib: {current: 20u}" in (tmp_path / "spec.yaml").read_text()
    assert guesses_of(draft) == []


def test_every_guess_is_listed_with_the_option_that_changes_it(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, OTA, Answers())
    assert {guess.what: (guess.value, guess.option, guess.key) for guess in guesses_of(draft)} == {
        "supply": ("1.8 V", "--supply", ""),
        "load": ("1 pF", "--load", ""),
        "common mode": ("900 mV", "--vcm", ""),
        "current of ib": ("5 uA", "--bias", "ib"),
    }
    assert (tmp_path / "spec.yaml").read_text().count("# guessed: ") == 4


def test_a_name_against_the_connections_is_said_and_the_user_decides(tmp_path: Path) -> None:
    # in this OTA the port inp inverts once the two inputs change their names
    crossed = OTA.replace("inp", "?").replace("inn", "inp").replace("?", "inn")
    draft, _ = drafted(tmp_path, crossed, Answers())
    assert draft.kind.ports["inn"] == "inp"
    assert any("INP inverts in this circuit" in note for note in draft.noticed)
    draft, problem = drafted(tmp_path, crossed, read_answers(ports=["inp=inp"]))
    assert (draft.kind.ports["inp"], draft.kind.ports["inn"]) == ("inp", "inn")
    assert not any("inverts" in note for note in draft.noticed)
    assert problem.testbenches["loop"].nets["inp"] == "inp"


@pytest.mark.parametrize(
    ("answers", "sized"),
    [
        (read_answers(size=["M1,XM3"]), {"XM1.w", "XM1.l", "XM1.m", "XM3.w", "XM3.l", "XM3.m"}),
        # a follower names its group
        (read_answers(size=["m2"]), {"XM1.w", "XM1.l", "XM1.m"}),
        (read_answers(keep=["XM[1-4]"]), {"XM5.w", "XM5.l", "XM5.m"}),
        (read_answers(size=["xm1.w", "xm5.l"]), {"XM1.w", "XM5.l"}),
        (read_answers(size=["XM*"], keep=["*.m", "m5"]), {"XM1.w", "XM1.l", "XM3.w", "XM3.l"}),
    ],
)
def test_only_what_the_user_wants_is_sized(answers: Answers, sized: set[str], tmp_path: Path) -> None:
    _, problem = drafted(tmp_path, OTA, answers)
    assert set(problem.space.names) == sized - ({"XM3.m"} - set(problem.space.names))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "toaster"}, ["--kind", "toaster", "op-amp"]),
        ({"supply": "many"}, ["--supply", "many"]),
        ({"supply": "-1"}, ["--supply", "out of range"]),
        ({"load": "1V"}, ["--load", "1V"]),
        ({"ports": ["vdd"]}, ["--port", "vdd=AVDD"]),
        ({"ports": ["vdd=rail"]}, ["--port", "rail", "inp, inn, out"]),
        ({"ports": ["clk=inp"]}, ["--port", "clk", "inp, inn, out"]),
        ({"bias": ["ib=so"]}, ["--bias", "so"]),
        ({"bias": ["nil=1u"]}, ["--bias", "nil"]),
        ({"size": ["M77"]}, ["--size", "m77", "XM1.w"]),
        ({"keep": ["R*"]}, ["--keep", "r*"]),
        ({"kind": "ldo"}, ["--kind", "which port is vref", "--port fb="]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_an_answer_that_cannot_be_is_one_message(given: dict[str, object], words: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        drafted(tmp_path, OTA, read_answers(**given))  # type: ignore[arg-type]
    text = "\n".join(map(str, error.value.findings))
    assert len(error.value.findings) == 1 and all(word in text for word in words), text


@pytest.mark.parametrize(
    ("text", "found", "how"),
    [
        ("10u", "voltage", "source"),
        ("10uA", "voltage", "source"),
        ("10u", "sink", "sink"),
        ("-10u", "source", "sink"),
        ("+10u", "sink", "source"),
        ("0.9", "voltage", "voltage"),
        ("0.9V", "source", "voltage"),
        ("1.2", "source", "voltage"),
        ("0", "voltage", "voltage"),
        ("20mV", "voltage", "voltage"),
        ("high", "voltage", "high"),
    ],
)
def test_a_bias_is_a_current_or_a_voltage_as_its_unit_or_the_circuit_says(text: str, found: str, how: str) -> None:
    assert read_answers(bias=[f"p={text}"]).bias["p"].how(found) == how
    assert Held(level="low").how("source") == "low"


@pytest.mark.parametrize(
    ("given", "written", "said"),
    [
        ("ib=10u", "10u", ""),
        ("ib=-10u", "-10u", "flows out of ib, as the sign of --bias says; the circuit needs a current into it"),
        ("ib=+10u", "10u", ""),
    ],
)
def test_the_sign_of_a_bias_holds_and_a_wrong_one_is_said(given: str, written: str, said: str, tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, OTA, read_answers(bias=[given]))
    assert f"ib: {{current: {written}}}" in (tmp_path / "spec.yaml").read_text()
    assert any("flows" in note for note in draft.noticed) == bool(said)
    assert not said or any(said in note for note in draft.noticed)


@pytest.mark.parametrize(
    ("given", "written", "said"),
    [
        ("ib=10u", "-10u", "10 uA flows out of ib, as the circuit needs"),
        ("ib=-10u", "-10u", ""),
        ("ib=+10u", "10u", "flows into ib, as the sign of --bias says; the circuit needs a current out of it"),
    ],
)
def test_the_current_of_a_pmos_diode_flows_out_unless_a_plus_says_otherwise(
    given: str, written: str, said: str, tmp_path: Path
) -> None:
    swap = {N: P, P: N, "vdd": "vss", "vss": "vdd"}
    turned = re.sub("|".join(map(re.escape, swap)), lambda match: swap[match[0]], OTA)
    draft, _ = drafted(tmp_path, turned, read_answers(bias=[given]))
    assert f"ib: {{current: {written}}}" in (tmp_path / "spec.yaml").read_text()
    assert [said in note for note in draft.noticed if "flows" in note] == ([True] if said else [])


def test_a_kind_is_known_by_the_words_of_the_trade() -> None:
    assert [kind_named(word) for word in ("LDO", "Op-Amp", "bandgap", "current_reference", "vco", "?")] == [
        "regulator",
        "op-amp",
        "reference",
        "current reference",
        "voltage-controlled oscillator",
        "",
    ]
    words = [word for kind in KINDS.values() for word in kind.words]
    assert len(words) == len(set(words)) and not set(words) & set(KINDS)


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("vdd", "vdd VDDA avdd vcc vpwr v+"),
        ("vss", "vss gnd AGND vgnd v- vssa"),
        ("inp", "inp vin_p vip plus in+ vinp"),
        ("inn", "inn vin_n vim minus in- vinn"),
        ("high", "en ena enable"),
        ("low", "enb pd en_b power_down"),
    ],
)
def test_names_by_custom(role: str, names: str) -> None:
    others = {"vdd", "vss", "inp", "inn", "high", "low"} - {role}
    for name in names.split():
        assert named(role, name) and not any(named(other, name) for other in others), name


def test_a_rail_that_the_connections_do_not_show_is_that_of_its_name(tmp_path: Path) -> None:
    # no PMOS and no resistor: what reaches the supply is a drain as any other
    text = f"* t\n.subckt m out ib avdd vss\nXM1 avdd ib s vss {N} W=8 L=1\nXM2 out ib s vss {N} W=8 L=1\n"
    text += f"XM3 ib ib vss vss {N} W=2 L=1\nXM4 s ib vss vss {N} W=2 L=1\n.ends\n"
    (tmp_path / "c.spice").write_text(text)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert draft.structure.vdd == "avdd" and draft.by_name == {"vdd": "avdd"}
    assert any(guess.what == "vdd" and guess.option == "--port" for guess in guesses_of(draft))
    # and the user has the last word
    draft = read_circuit(tmp_path / "c.spice", tmp_path, answers=read_answers(ports=["vdd=avdd"]))
    assert draft.structure.vdd == "avdd" and not draft.by_name


def test_a_port_below_a_source_carries_the_current_of_a_resistor_outside(tmp_path: Path) -> None:
    """The reference of a constant-gm bias is a pad: its resistor is outside. Half the supply there turns it off."""
    pad = OTA.replace("ib vdd vss", "rs vdd vss").replace("XM6 ib ib vss", "XM6 ib p rs")
    pad += ""
    text = (
        pad.replace(".ends", f"XM7 p p vss vss {N} W=2 L=1\nXM8 ib ib vdd vdd {P} W=4 L=1\n.ends")
        .replace("XM5 t ib", "XM5 t p")
        .replace(".ends", f"XM9 p ib vdd vdd {P} W=4 L=1\n.ends")
    )
    draft, _ = drafted(tmp_path, text, Answers())
    assert draft.kind.bias == {"rs": "sink"}
    assert "rs: {current: -5u}" in (tmp_path / "spec.yaml").read_text()


def test_a_name_with_brackets_is_itself() -> None:
    assert fits(["xq2[7].m"], {"xq2[7].m"}) and fits(["q2[7].m"], {"xq2[7].m"})
    assert not fits(["xq2[7].m"], {"xq2[6].m"})
    assert fits(["xq2*"], {"xq2[7].m"})

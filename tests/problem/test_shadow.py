"""Names that a deck and a circuit both define: the right one is simulated, or the command line names the place. Plain
ngspice is the judge.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from eda_agent.cli.main import main

CIRCUIT = """* divider of two resistors, one of them sized
.param rb=2k
.subckt div in out vss
Ra in out 1k
Rb out vss {rb}
Rc out vss {rc}
.param rc=1MEG
.ends
"""
DECK = """* bench
Vs in 0 {vcm}
Xdut in out 0 div
.op
"""
SPEC = """name: t
circuit: c.spice
subckt: div
pdk: own
parameters: {rb: {min: 100, max: 100k}}
testbenches: {b: {deck: tb.spice, probes: {out: out, supply: vs}}}
specs: {reference_voltage: {unit: V, minimum: 1m}}
corners: {nominal: {process: tt, vdd: 1.5, temperature: 27}}
"""


def written(folder: Path, deck: str = DECK, circuit: str = CIRCUIT, spec: str = SPEC) -> str:
    for name, text in (("c.spice", circuit), ("tb.spice", deck), ("spec.yaml", spec)):
        (folder / name).write_text(text)
    return str(folder)


def simulated(capsys: pytest.CaptureFixture[str], folder: str, *options: str) -> float:
    main(["sim", folder, "--json", "--no-cache", *options])
    value = json.loads(capsys.readouterr().out)["specs"]["reference_voltage"]["value"]
    assert isinstance(value, float)
    return value


def by_ngspice(folder: Path, circuit: str, deck: str) -> float:
    """v(out) of the two texts as they are."""
    path = folder / "whole.cir"
    path.write_text(f"* whole\n{circuit}{deck}.print op v(out)\n.end\n")
    done = subprocess.run(["ngspice", "-b", str(path)], capture_output=True, text=True, check=False, cwd=path.parent)
    found = re.search(r"^0\s+(\S+)", done.stdout, re.MULTILINE)
    assert found, done.stdout
    return float(found[1])


def test_a_sizing_wins_over_the_param_of_a_deck_and_check_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deck = ".param rb=5k\n" + DECK
    folder = written(tmp_path, "* bench\n" + deck)
    for size in ("1k", "10k"):
        circuit = CIRCUIT.replace("rb=2k", f"rb={size}")
        truth = by_ngspice(tmp_path, circuit, DECK.replace("{vcm}", "0.75"))
        assert simulated(capsys, folder, "--set", f"rb={size}") == pytest.approx(truth, rel=1e-6)
    assert main(["check", folder]) == 0
    assert re.search(r"tb\.spice:2: rb is sized: the deck's 5k is not used", capsys.readouterr().out)
    assert main(["check", folder, "--json"]) == 0
    assert "tb.spice:2" in json.loads(capsys.readouterr().out)["notes"][0]


@pytest.mark.parametrize(
    ("card", "use"),
    [
        (".param vcm=0.6", "{vcm}"),
        (".PARAM VCM = 300m + 300m", "'vcm'"),
        (".param half=0.3 vcm={2*half}", "{vcm/2 + vcm/2}"),
    ],
)
def test_the_param_of_a_deck_is_the_setting(
    card: str, use: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deck = DECK.replace("* bench\n", f"* bench\n{card}\n").replace("{vcm}", use)
    folder = written(tmp_path, deck)
    assert simulated(capsys, folder) == pytest.approx(by_ngspice(tmp_path, CIRCUIT, deck), rel=1e-6)
    # spec.yaml and a corner may give another, which is said
    own = written(tmp_path, deck, spec=SPEC.replace("deck: tb.spice", "deck: tb.spice, vcm: 0.9"))
    assert simulated(capsys, own) == pytest.approx(
        by_ngspice(tmp_path, CIRCUIT, DECK.replace("{vcm}", "0.9")), rel=1e-6
    )
    assert main(["check", own]) == 0
    assert "vcm is 0.9 in spec.yaml, which is used instead" in capsys.readouterr().out
    corner = written(tmp_path, deck, spec=SPEC.replace("temperature: 27", "temperature: 27, vcm: 1.2"))
    assert simulated(capsys, corner) == pytest.approx(
        by_ngspice(tmp_path, CIRCUIT, DECK.replace("{vcm}", "1.2")), rel=1e-6
    )


def test_a_setting_may_be_a_step_of_an_analysis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deck = DECK.replace(".op\n", ".param top=1G\n.op\n.ac dec 5 1 {top}\n")
    assert simulated(capsys, written(tmp_path, deck)) == pytest.approx(0.75 * 2 / 3, rel=1e-3)


def test_a_cell_of_the_deck_has_parameters_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load = ".subckt load a vcm=3k\n.param edge=2\nRl a 0 {vcm*edge}\n.ends\nXload out load\n"
    deck = DECK.replace("* bench\n", "* bench\n.param vcm=0.6\n").replace(".op\n", load + ".op\n")
    assert simulated(capsys, written(tmp_path, deck)) == pytest.approx(by_ngspice(tmp_path, CIRCUIT, deck), rel=1e-6)


def test_a_deck_may_follow_the_sizing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A replica in the deck reads the parameter that is sized."""
    deck = DECK.replace(".op", ".param twice={2*rb}\nRl out 0 {rb}\nRm out 0 {twice}\n.op")
    folder = written(tmp_path, deck)
    for size in ("1k", "5k"):
        truth = by_ngspice(tmp_path, CIRCUIT.replace("rb=2k", f"rb={size}"), deck.replace("{vcm}", "0.75"))
        assert simulated(capsys, folder, "--set", f"rb={size}") == pytest.approx(truth, rel=1e-6)


def test_of_two_definitions_the_last_is_sized(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for twice in (".param rb=2k\n.param rb=3k\n", ".param rb=2k rb=3k\n"):
        circuit = CIRCUIT.replace(".param rb=2k\n", twice)
        folder = written(tmp_path, circuit=circuit)
        deck = DECK.replace("{vcm}", "0.75")
        assert simulated(capsys, folder) == pytest.approx(by_ngspice(tmp_path, circuit, deck), rel=1e-6)
        sized = CIRCUIT.replace("rb=2k", "rb=7k")
        assert simulated(capsys, folder, "--set", "rb=7k") == pytest.approx(by_ngspice(tmp_path, sized, deck), rel=1e-6)


def test_a_temperature_of_the_deck_is_not_used_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    circuit = CIRCUIT.replace("Ra in out 1k", "Ra in out 1k tc1=1e-2")
    folder = written(tmp_path, DECK.replace(".op", ".temp 85\n.op"), circuit)
    truth = by_ngspice(tmp_path, circuit, DECK.replace("{vcm}", "0.75") + ".option temp=27\n")
    assert simulated(capsys, folder) == pytest.approx(truth, rel=1e-6)
    assert main(["check", folder]) == 0
    assert re.search(r"tb\.spice:4: this temperature is not used.*27 °C", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("deck", "circuit", "spec", "place", "words"),
    [
        (".param vdd=3.3\n" + DECK, CIRCUIT, SPEC, "tb.spice:1", "vdd belongs to the corners"),
        (
            ".param rfix=5\n" + DECK,
            CIRCUIT.replace("1k\n", "{rfix}\n").replace("rb=2k", "rb=2k rfix=4"),
            SPEC,
            "tb.spice:1",
            "rfix = 4",
        ),
        (".param vcm=agauss(1,1,1)\n" + DECK, CIRCUIT, SPEC, "tb.spice:1", "not arithmetic"),
        (
            ".model rm r r=8\n" + DECK,
            ".model rm r r=4\n" + CIRCUIT,
            SPEC,
            "tb.spice:1",
            "model rm is already defined in c.spice:1",
        ),
        (
            ".subckt div a b c\n.ends\n" + DECK,
            CIRCUIT,
            SPEC,
            "tb.spice:1",
            "subcircuit div is already defined in c.spice:3",
        ),
        (
            ".func f(x)={2*x}\n" + DECK,
            ".func f(x)={x}\n" + CIRCUIT,
            SPEC,
            "tb.spice:1",
            "function f is already defined",
        ),
        (DECK, ".func sqrt(x)={2*x}\n" + CIRCUIT, SPEC, "c.spice:1", "sqrt is a function of ngspice"),
        (DECK, ".model rm r r=4\n.model rm r r=8\n" + CIRCUIT, SPEC, "c.spice:2", "ngspice uses only one"),
        (DECK.replace("0 div", "0 div rb=3k"), CIRCUIT, SPEC, "spec.yaml:6", "Xdut sets parameters"),
        (
            DECK,
            CIRCUIT + ".subckt sky130_fd_pr__nfet_01v8 d g s b\n.ends\n",
            SPEC.replace("own", "sky130A"),
            "c.spice:9",
            "ngspice would use the PDK's",
        ),
    ],
)
def test_what_cannot_be_decided_is_named_with_file_and_line(
    deck: str, circuit: str, spec: str, place: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", written(tmp_path, deck, circuit, spec)]) == 2
    said = capsys.readouterr().err
    assert re.search(rf"{re.escape(place)}: .*{re.escape(words)}", said), said


def test_a_library_section_of_another_process_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    circuit = '.lib "sky130.lib.spice" ss\n' + CIRCUIT.replace(
        "Rb", "XM1 out out vss vss sky130_fd_pr__nfet_01v8 w=2 l=1\nRb"
    )
    spec = SPEC.replace("own", "sky130A")
    assert main(["check", written(tmp_path, circuit=circuit, spec=spec)]) == 0
    assert re.search(r"c\.spice:1: this section .* have process tt", capsys.readouterr().out)
    assert main(["check", written(tmp_path, circuit=circuit, spec=spec.replace("process: tt", "process: ss"))]) == 0
    assert "this section" not in capsys.readouterr().out


def test_settings_that_nothing_uses_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = SPEC.replace("27}", "27, vmc: 0.6}").replace("tb.spice,", "tb.spice, laod: 1p,")
    assert main(["check", written(tmp_path, spec=spec)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"spec\.yaml:8: corners: vmc is not used: .*did you mean vcm", said)
    assert re.search(r"spec\.yaml:6: testbenches\.b\.laod: laod is not used: tb\.spice does not name it", said)


@pytest.mark.parametrize(
    ("cell", "call", "reached"), [("rb=5k", "", False), ("", "", True), ("rb=5k", "rb={rb}", True)]
)
def test_a_cell_with_a_default_of_its_own_is_said(
    cell: str, call: str, reached: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    circuit = (
        CIRCUIT.replace("Rb out vss {rb}", f"Xb out vss part {call}")
        + f".subckt part p q {cell}\nRb p q {{rb}}\n.ends\n"
    )
    folder = written(tmp_path, circuit=circuit)
    values = [simulated(capsys, folder, "--set", f"rb={size}") for size in ("1k", "10k")]
    for size, value in zip(("1k", "10k"), values, strict=True):
        truth = by_ngspice(tmp_path, circuit.replace("rb=2k", f"rb={size}"), DECK.replace("{vcm}", "0.75"))
        assert value == pytest.approx(truth, rel=1e-6)
    assert (values[0] != values[1]) == reached
    assert main(["check", folder]) == 0
    assert ("part has its own rb, 5k" in capsys.readouterr().out) != reached

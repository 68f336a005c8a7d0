"""A value that a deck's call gives to its circuit is the size: sizing changes it, and the exported deck has it."""

import re
import subprocess
from pathlib import Path

import pytest

from eda_agent.cli import main
from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem

DECK = """* two stages
.param wtop=6u
.subckt stage in out vdd vss wn=5u rd=20k wq=3u
M1 out in vss vss nch w={wn} l=1u
M2 out in vss vss nch w={wq} l=1u
RD vdd out {rd}
.ends
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05
Vdd vdd 0 1.8
Vg g 0 0.75
Xa g out vdd 0 stage
+ wn=8u wq={wtop}
Xb g out2 vdd 0 stage params: wn=8u rd=30k wq={wtop}
.control
op
print v(out) v(out2)
.endc
.end
"""


def drafted(folder: Path, text: str = DECK) -> Path:
    (folder / "tb.spice").write_text(text, encoding="utf-8")
    assert main(["init", str(folder / "tb.spice")]) in {0, 1}
    return folder / "spec.yaml"


def printed(deck: Path) -> dict[str, float]:
    out = subprocess.run(["ngspice", "-b", deck.name], cwd=deck.parent, capture_output=True, text=True, timeout=60)
    return {name: float(value) for name, value in re.findall(r"^v\((\w+)\) = (\S+)$", out.stdout, re.MULTILINE)}


def measured(spec: Path, capsys, *options: str) -> dict[str, float]:
    import json

    capsys.readouterr()
    main(["sim", str(spec), "--json", *options])
    specs = json.loads(capsys.readouterr().out)["specs"]
    return {name.removeprefix("v_"): row["value"] for name, row in specs.items()}


def test_the_value_of_the_calls_is_sized(tmp_path, capsys):
    spec = drafted(tmp_path)
    text = spec.read_text(encoding="utf-8")
    assert "  wn: {" in text and "  wtop: {" in text and "  wq:" not in text
    # rd is different in the two calls
    assert "  rd:" not in text and "rd is not sized: the deck's calls give it different values" in text
    assert measured(spec, capsys) == pytest.approx(printed(tmp_path / "tb.spice"), rel=1e-6)
    for size, call in (("wn", "wn=8u"), ("wtop", ".param wtop=6u")):
        edited = DECK.replace(call, call.split("=")[0] + "=2.5u")
        assert edited != DECK
        (tmp_path / "edited.spice").write_text(edited, encoding="utf-8")
        theirs = printed(tmp_path / "edited.spice")
        assert measured(spec, capsys, "--set", f"{size}=2.5u") == pytest.approx(theirs, rel=1e-6)


def test_the_exported_deck_has_the_sizes_and_runs_alone(tmp_path, capsys):
    spec = drafted(tmp_path)
    text = spec.read_text(encoding="utf-8")
    text = re.sub(r"(v_out2?): \{.*", r"\1: {testbench: tb, unit: V, minimum: 0.6, maximum: 1.2}", text)
    spec.write_text(text, encoding="utf-8")
    main(["size", str(spec), "--budget", "12", "--policy", "trust", "--out", str(tmp_path / "run")])
    assert main(["export", str(tmp_path / "run"), "--out", str(tmp_path / "sized.spice")]) == 0
    capsys.readouterr()
    assert main(["show", str(tmp_path / "run"), "--json"]) in {0, 1}
    import json

    best = json.loads(capsys.readouterr().out)
    theirs = printed(tmp_path / "sized.spice")
    assert {name.removeprefix("v_"): row["value"] for name, row in best["specs"].items()} == pytest.approx(
        theirs, rel=1e-6
    )


def test_a_size_that_the_calls_give_differently_is_refused(tmp_path):
    spec = drafted(tmp_path)
    text = spec.read_text(encoding="utf-8").replace("parameters:\n", "parameters:\n  rd: {min: 1k, max: 100k}\n")
    spec.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="rd of stage is sized without effect: the deck's calls give it"):
        load_problem(spec)


def test_a_deck_of_another_file_keeps_its_values_or_says_where_sizing_starts(tmp_path, capsys):
    drafted(tmp_path)
    circuit = DECK.partition("Vdd vdd")[0]
    (tmp_path / "stage.spice").write_text(circuit, encoding="utf-8")
    bench = DECK.replace(circuit, "* bench\n.param wtop=6u\n.include stage.spice\n").replace("Xb g", "*Xb g")
    bench = bench.replace(" v(out2)", "")
    (tmp_path / "stage.spice").write_text(circuit.replace(".param wtop=6u\n", ""), encoding="utf-8")
    (tmp_path / "tb.spice").write_text(bench, encoding="utf-8")
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "name: s\ncircuit: stage.spice\nsubckt: stage\npdk: own\nparameters:\n  rd: {min: 1k, max: 100k}\n"
        "testbenches:\n  tb: {deck: tb.spice, supply: vdd}\nspecs:\n  v_out: {testbench: tb, unit: V, minimum: 0.1}\n"
        "corners:\n  nominal: {process: tt, vdd: 1.8, temperature: 27}\n",
        encoding="utf-8",
    )
    # wn is not sized here: the call's 8u stays, although the circuit's file has 5u
    assert measured(spec, capsys) == pytest.approx(printed(tmp_path / "tb.spice"), rel=1e-6)
    sized = spec.read_text(encoding="utf-8").replace("  rd: {min: 1k, max: 100k}", "  wn: {min: 1u, max: 100u}")
    spec.write_text(sized, encoding="utf-8")
    assert any("wn is sized, from 5u in the circuit" in note.message for note in load_problem(spec).notes)

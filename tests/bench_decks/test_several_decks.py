"""Several decks of one circuit become one spec, and each gives the numbers that ngspice prints for it."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from eda_agent.cli import main
from eda_agent.problem.load import load_problem

OTA = """* the circuit
.subckt ota inp inn out ib vdd vss
M1 d1 inp t vss nch w=10u l=1u
M2 out inn t vss nch w=10u l=1u
M3 d1 d1 vdd vdd pch w=8u l=1u
M4 out d1 vdd vdd pch w=8u l=1u
M5 t ib vss vss nch w=8u l=2u
M6 ib ib vss vss nch w=4u l=2u
.ends ota
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 gamma=0.4 phi=0.7 cgso=200p cgdo=200p tox=6n
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.06 gamma=0.4 phi=0.7 cgso=200p cgdo=200p tox=6n
"""
AC = """* open loop
.include ota.spice
x1 inp inn out ib vdd 0 ota
V1 vdd 0 1.8
V2 inp 0 dc 0.9 ac 1
V3 inn 0 0.9
I0 vdd ib 20u
C1 out 0 2p
.control
op
let power = -i(v1)*1.8
print power
ac dec 20 1 1G
meas ac gain find vdb(out) at=10
meas ac ugf when vdb(out)=0
.endc
.end
"""
STEP = """* step of the follower
.include ota.spice
.param supply=1.8
x1 inp out out ib vdd 0 ota
Vdd vdd 0 {supply}
V2 inp 0 pulse(0.8 1.0 100n 1n 1n 1u 2u)
I0 vdd ib 20u
C1 out 0 2p
.tran 1n 1u
.meas tran t1 trig v(out) val=0.82 rise=1 targ v(out) val=0.98 rise=1
.meas tran supplied avg i(vdd) from=500n to=900n
.meas tran power param='-1.8*supplied'
.end
"""


@pytest.fixture
def folder(tmp_path):
    for name, text in (("ota", OTA), ("tb_ac", AC), ("tb_step", STEP)):
        (tmp_path / f"{name}.spice").write_text(text, encoding="utf-8")
    return tmp_path


def printed(deck: Path) -> dict[str, float]:
    out = subprocess.run(["ngspice", "-b", deck.name], cwd=deck.parent, capture_output=True, text=True, timeout=60)
    return {name: float(value) for name, value in re.findall(r"^(\w+)\s+=\s+([-+.\de]+)", out.stdout, re.MULTILINE)}


@pytest.mark.parametrize("first", [[], ["ota.spice"]])
def test_each_deck_is_a_testbench(first, folder, capsys):
    files = [str(folder / name) for name in [*first, "tb_ac.spice", "tb_step.spice"]]
    assert main(["init", *files]) == 0
    spec = folder / "spec.yaml"
    capsys.readouterr()
    main(["sim", str(spec), "--json"])
    ours = {name: row["value"] for name, row in json.loads(capsys.readouterr().out)["specs"].items()}
    ac, step = printed(folder / "tb_ac.spice"), printed(folder / "tb_step.spice")
    theirs = {**{name: ac[name] for name in ("power", "gain", "ugf")}, "t1": step["t1"], "power_tb_step": step["power"]}
    assert ours == pytest.approx(theirs, rel=5e-6)
    # the corner's supply reaches both decks
    spec.write_text(spec.read_text(encoding="utf-8").replace("vdd: 1.8", "vdd: 1.7"), encoding="utf-8")
    for name, old, new in (("tb_ac", "V1 vdd 0 1.8", "V1 vdd 0 1.7"), ("tb_step", "supply=1.8", "supply=1.7")):
        text = (folder / f"{name}.spice").read_text(encoding="utf-8")
        (folder / f"{name}_low.spice").write_text(text.replace(old, new), encoding="utf-8")
    main(["sim", str(spec), "--json"])
    ours = {name: row["value"] for name, row in json.loads(capsys.readouterr().out)["specs"].items()}
    ac, step = printed(folder / "tb_ac_low.spice"), printed(folder / "tb_step_low.spice")
    assert ours["gain"] == pytest.approx(ac["gain"], rel=1e-6)
    assert ours["power_tb_step"] == pytest.approx(step["power"], rel=5e-6)


def test_two_results_of_one_name_and_two_units_are_said(folder, capsys):
    step = STEP.replace(".meas tran power param='-1.8*supplied'\n", "").replace("supplied", "power")
    (folder / "tb_step.spice").write_text(step, encoding="utf-8")
    assert main(["init", str(folder / "tb_ac.spice"), str(folder / "tb_step.spice")]) == 0
    assert "power" in load_problem(folder / "spec.yaml").spec_names
    assert "# power of tb_step has A here and W before" in (folder / "spec.yaml").read_text(encoding="utf-8")


def test_files_that_do_not_belong_together_are_named(folder, capsys):
    for files, words in (
        (["tb_ac.spice", "ota.spice"], "name the circuit's file first:  eda-agent init ota.spice tb_ac.spice"),
        (["tb_ac.spice", "missing.spice"], "no such file"),
        (["tb_ac.spice", "other.spice"], "the deck does not call ota, the circuit of tb_ac.spice"),
        (["tb_ac.spice", "mute.spice"], "the deck measures nothing"),
    ):
        (folder / "other.spice").write_text(AC.replace(" ota\n", " other\n"), encoding="utf-8")
        (folder / "mute.spice").write_text(AC.partition(".control")[0] + ".end\n", encoding="utf-8")
        assert main(["init", *(str(folder / name) for name in files)]) == 2
        assert words in " ".join(capsys.readouterr().err.split()).replace("first: eda", "first:  eda")
        assert not (folder / "spec.yaml").exists()


def test_a_copy_that_differs_is_said(folder):
    whole = STEP.replace(".include ota.spice\n", OTA.partition("\n")[2].replace("w=8u l=2u", "w=6u l=2u"))
    (folder / "tb_step.spice").write_text(whole, encoding="utf-8")
    assert main(["init", str(folder / "tb_ac.spice"), str(folder / "tb_step.spice")]) == 0
    notes = " ".join(note.message for note in load_problem(folder / "spec.yaml").notes)
    assert "the deck has its own copy of ota, which differs from the circuit" in notes

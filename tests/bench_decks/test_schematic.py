"""A testbench schematic is netlisted by xschem and read as the testbench that it is."""

import json
import re
import shutil
import subprocess

import pytest

from eda_agent.cli import main

pytestmark = pytest.mark.skipif(shutil.which("xschem") is None, reason="xschem is missing")
HEAD = "v {xschem version=2.8.1 file_version=1.1}\nG {}\nV {}\nS {}\nE {}\n"
SYMBOL = """v {xschem version=2.8.1 file_version=1.1}
G {type=subcircuit
format="@name @pinlist @symname"
template="name=x1"
}
V {}
S {}
E {}
B 5 -52.5 -2.5 -47.5 2.5 {name=in dir=in }
B 5 47.5 -2.5 52.5 2.5 {name=out dir=out }
B 5 -2.5 -52.5 2.5 -47.5 {name=vdd dir=inout }
"""


def component(symbol: str, x: int, y: int, attributes: str) -> str:
    return f"C {{{symbol}.sym}} {x} {y} 0 0 {{{attributes}}}\n"


def pin(number: int, x: int, y: int, net: str) -> str:
    return component("devices/lab_pin", x, y, f"name=l{number} lab={net}")


STAGE = HEAD + "".join(
    [
        component("devices/ipin", 0, 0, "name=p1 lab=in"),
        component("devices/opin", 200, 0, "name=p2 lab=out"),
        component("devices/iopin", 100, -200, "name=p3 lab=vdd"),
        component("devices/nmos4", 80, 0, "name=m1 model=nch w=5u l=1u m=1"),
        *(
            pin(n, x, y, net)
            for n, x, y, net in ((1, 60, 0, "in"), (2, 100, -30, "out"), (3, 100, 30, "0"), (4, 100, 0, "0"))
        ),
        component("devices/res", 300, -100, "name=R1 value=20k"),
        pin(5, 300, -130, "vdd"),
        pin(6, 300, -70, "out"),
    ]
)
SCRIPT = """.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05
.control
op
print v(o)
ac dec 10 1k 1g
meas ac gain find vdb(o) at=10k
.endc"""
BENCH = HEAD + "".join(
    [
        component("stage", 0, 0, "name=x1"),
        *(pin(n, x, y, net) for n, x, y, net in ((1, -50, 0, "g"), (2, 50, 0, "o"), (3, 0, -50, "vcc"))),
        component("devices/vsource", 200, 0, "name=V1 value=1.8"),
        component("devices/vsource", 300, 0, 'name=V2 value="0.7 ac 1"'),
        *(
            pin(n, x, y, net)
            for n, x, y, net in ((4, 200, -30, "vcc"), (5, 200, 30, "0"), (6, 300, -30, "g"), (7, 300, 30, "0"))
        ),
        component("devices/code", 400, 0, f'name=CONTROL value="{SCRIPT}"'),
    ]
)


@pytest.fixture
def folder(tmp_path):
    for name, text in (("stage.sym", SYMBOL), ("stage.sch", STAGE), ("stage_tb.sch", BENCH)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    rc = "set netlist_type spice\nappend XSCHEM_LIBRARY_PATH :${XSCHEM_SHAREDIR}/xschem_library\n"
    (tmp_path / "xschemrc").write_text(rc, encoding="utf-8")
    return tmp_path


def test_a_testbench_schematic_is_the_testbench(folder, capsys):
    assert main(["init", str(folder / "stage_tb.sch")]) in {0, 1}
    capsys.readouterr()
    main(["sim", str(folder / "spec.yaml"), "--json"])
    ours = {name: row["value"] for name, row in json.loads(capsys.readouterr().out)["specs"].items()}
    command = ["ngspice", "-b", "stage_tb.xschem.spice"]
    out = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60).stdout
    theirs = {name: float(value) for name, value in re.findall(r"^(v\(o\)|gain)\s+=\s+(\S+)", out, re.MULTILINE)}
    assert ours == pytest.approx({"v_o": theirs["v(o)"], "gain": theirs["gain"]}, rel=1e-6)


def test_a_symbol_that_is_missing_is_said(folder, capsys):
    (folder / "stage_tb.sch").write_text(BENCH.replace("devices/code.sym", "devices/nowhere.sym"), encoding="utf-8")
    assert main(["init", str(folder / "stage_tb.sch")]) == 2
    assert "xschem does not find the symbol nowhere" in " ".join(capsys.readouterr().err.split())
    assert not (folder / "spec.yaml").exists()


XSCHEM_3_4 = """#!/bin/sh
for last; do case "$before" in --rcfile) rc=$last;; esac; before=$last; done
cat > "$(sed -n 's/set netlist_dir {\\(.*\\)}/\\1/p' "$rc")/stage_tb.spice" <<'END'
** sch_path: stage_tb.sch
**.subckt stage_tb
x1 net1 net2 net3 stage
*  V1 -  vsource  IS MISSING !!!!
*  CONTROL -  code  IS MISSING !!!!
**.ends
.end
END
"""
"""A program that writes the netlist that xschem 3.4.8RC wrote for this testbench without its library of symbols."""


def test_a_symbol_that_xschem_3_4_misses_is_said(folder, tmp_path, monkeypatch, capsys):
    program = tmp_path / "bin" / "xschem"
    program.parent.mkdir()
    program.write_text(XSCHEM_3_4, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert main(["init", str(folder / "stage_tb.sch")]) == 2
    assert "xschem does not find the symbol code, vsource" in " ".join(capsys.readouterr().err.split())
    assert not (folder / "spec.yaml").exists() and not (folder / "stage_tb.xschem.spice").exists()

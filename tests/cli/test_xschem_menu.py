"""The menu in xschem is installed and removed without a trace, works in the real program, and annotates schematics."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.cli import main
from eda_agent.cli.xschem_rc import install, uninstall
from eda_agent.record.xschem_notes import with_notes, without_notes

SCHEMATIC = """v {xschem version=3.4.5 file_version=1.2
}
G {}
T {a title} 0 -300 0 0 0.4 0.4 {}
C {sky130_fd_pr/nfet_01v8.sym} 100 -200 0 0 {name=M1
L=0.5
W=5
model=nfet_01v8
spiceprefix=X
}
C {devices/res.sym} 200 -200 0 1 {name=R1 value=20k}
"""
POINT = {"id": 1e-5, "gm": 1.5e-4, "gds": 2e-6, "vth": 0.5, "vdsat": 0.1, "vgs": 0.65, "vds": 0.9, "gm_id": 15.0,
         "margin": 0.8, "region": "saturation"}  # fmt: skip
needs_screen = pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="xvfb-run is missing")


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="abc {}\n#$\\>e", max_size=60), twice=st.booleans())
def test_the_rc_file_is_as_it_was_after_uninstall(tmp_path_factory, text, twice):
    rc = tmp_path_factory.mktemp("rc") / "a folder" / "xschemrc"
    rc.parent.mkdir()
    rc.write_text(text, encoding="utf-8", newline="")
    for _ in range(1 + twice):
        install(rc)
    assert rc.read_text(encoding="utf-8").count("source") == 1
    assert uninstall(rc) and not uninstall(rc)
    assert [path.name for path in rc.parent.iterdir()] in (["xschemrc"], [])
    left = rc.read_text(encoding="utf-8") if rc.exists() else ""
    # a last line without its end gets one; a file of blanks is removed
    assert left.rstrip("\n") == text.rstrip("\n") or not text.strip()


def test_the_command_installs_and_removes(tmp_path, capsys):
    rc = tmp_path / "xschemrc"
    assert main(["xschem", "install", "--rc", str(rc)]) == 0
    assert "start xschem again" in capsys.readouterr().err and (tmp_path / "eda-agent.tcl").is_file()
    assert main(["xschem", "uninstall", "--rc", str(rc)]) == 0
    assert list(tmp_path.iterdir()) == []
    assert main(["xschem", "uninstall", "--rc", str(rc)]) == 0
    assert "has no menu of eda-agent" in capsys.readouterr().err


PROBE = """
after 300 {
  foreach menu {.menubar.eda_agent .menubar.eda_agent.menu} {
    catch { for {set i 0} {$i <= [$menu index end]} {incr i} { catch { puts "entry [$menu entrycget $i -label]" } } }
  }
  puts "folder [eda_agent::folder]"
  set window [eda_agent::start test {{xschem --help}} {
    puts "window [string range [$::window.text get 1.0 end] 0 200]"
    exit
  }]
}
"""


def tried(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        ["xvfb-run", "-a", *command], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100
    )
    return done.stdout + done.stderr


def check(said: str, folder: Path) -> None:
    for label in ("Size", "Show the last run", "Write sizes back", "Annotate operating points", "Remove annotations"):
        assert f"entry {label}" in said, said
    assert f"folder {folder}/eda-agent/top" in said
    # the program that the menu starts is this one
    assert "window eda-agent xschem --help" in said and "install" in said


@needs_screen
@pytest.mark.skipif(shutil.which("xschem") is None, reason="xschem is missing")
def test_the_menu_works_in_xschem(tmp_path):
    (tmp_path / "top.sch").write_text(SCHEMATIC, encoding="utf-8")
    rc = tmp_path / "rc"
    install(rc)
    rc.write_text(rc.read_text(encoding="utf-8") + PROBE, encoding="utf-8")
    check(tried(["xschem", "-r", "--rcfile", str(rc), str(tmp_path / "top.sch")], tmp_path), tmp_path)


@needs_screen
@pytest.mark.skipif(shutil.which("wish") is None, reason="Tk's wish is missing")
def test_the_menu_works_in_a_menu_bar_of_version_3(tmp_path):
    rc, script = tmp_path / "rc", tmp_path / "xschem.tcl"
    install(rc)
    program = f"""
proc xschem {{args}} {{ if {{$args eq {{get schname}}}} {{ return {tmp_path}/top.sch }} }}
source {rc}
menu .menubar -tearoff 0
. configure -menu .menubar
uplevel #0 $user_startup_commands
update
{PROBE}
"""
    script.write_text(program, encoding="utf-8")
    check(tried(["wish", str(script)], tmp_path), tmp_path)


def test_notes_are_added_once_and_removed_again(tmp_path):
    path = tmp_path / "top.sch"
    path.write_text(SCHEMATIC, encoding="utf-8")
    text, count = with_notes(path, {"xm1": POINT, "xm7": POINT}, ["gain: 60 {dB}  pass"])
    assert count == 1 and text.count("eda_agent=1") == 2
    assert "id=10 uA\ngm=150 uS" in text and "saturation" in text and "60 \\{dB\\}" in text
    assert without_notes(text) == SCHEMATIC
    path.write_text(text, encoding="utf-8")
    again, _ = with_notes(path, {"xm1": POINT}, ["gain: 60 {dB}  pass"])
    assert again == text


def test_annotate_shows_a_run_and_takes_it_back(tmp_path, capsys):
    deck = """* a stage
.subckt stage in out vdd
M1 out in 0 0 nch w=5u l=1u
R1 vdd out 20k
.ends
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05
Vdd vdd 0 1.8
Vg g 0 0.7
Xs g out vdd stage
.control
op
let level = v(out)
print level
.endc
.end
"""
    (tmp_path / "tb.spice").write_text(deck, encoding="utf-8")
    (tmp_path / "top.sch").write_text(SCHEMATIC, encoding="utf-8")
    assert main(["init", str(tmp_path / "tb.spice")]) in {0, 1}
    main(["size", str(tmp_path / "spec.yaml"), "--budget", "1", "--policy", "random", "--out", str(tmp_path / "run")])
    assert main(["xschem", "annotate", str(tmp_path / "top.sch"), "--run", str(tmp_path / "run")]) == 0
    assert "annotated 1 of 1 transistors and 1 specs" in capsys.readouterr().err
    text = (tmp_path / "top.sch").read_text(encoding="utf-8")
    assert "level: " in text and "gm=" in text
    assert (tmp_path / "top.sch.bak").read_text(encoding="utf-8") == SCHEMATIC
    assert main(["xschem", "annotate", str(tmp_path / "top.sch"), "--remove"]) == 0
    assert (tmp_path / "top.sch").read_text(encoding="utf-8") == SCHEMATIC

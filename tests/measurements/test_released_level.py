"""The released level that a circuit's connections say is that of the circuit at its full supply, in plain ngspice."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.problem.draft import read_circuit
from eda_agent.problem.draft.released_level import released_level
from eda_agent.problem.load import load_problem
from tests.run.test_kinds_signed_off import KINDS, MODELS

WHOLE = KINDS["por"].circuit.replace("resetb", "y")
HEAD = "y vdd vss\n"
DETECTOR = "R1 vdd s 300k\nR2 s vss 200k\n"
PULLED_DOWN = "MN1 a s vss vss nch W=1u L=1u\nRL vdd a 1MEG\n"
PULLED_UP = "MP1 a s vdd vdd pch W=1u L=1u\nRL a vss 1MEG\n"


def gates(*nets: str) -> str:
    """A gate from each net to the next."""
    return "".join(
        f"MN{one} {other} {one} vss vss nch W=1u L=1u\nMP{one} {other} {one} vdd vdd pch W=2u L=1u\n"
        for one, other in itertools.pairwise(nets)
    )


CIRCUITS = {
    "a whole circuit": WHOLE,
    "pulled down": f"{HEAD}{DETECTOR}{PULLED_DOWN}{gates('a', 'y')}",
    "pulled down, inverted": f"{HEAD}{DETECTOR}{PULLED_DOWN}{gates('a', 'b', 'y')}",
    "pulled up": f"{HEAD}{DETECTOR}{PULLED_UP}{gates('a', 'y')}",
    "diodes to the supply": f"{HEAD}MD s s vdd vdd pch W=1u L=1u\nR2 s vss 1MEG\n{PULLED_DOWN}{gates('a', 'b', 'y')}",
    "charged": f"{HEAD}R1 vdd a 1MEG\nC1 a vss 2p\n{gates('a', 'y')}",
    "discharged": f"{HEAD}R1 a vss 1MEG\nC1 vdd a 2p\n{gates('a', 'b', 'y')}",
    "discharged, inverted": f"{HEAD}R1 a vss 1MEG\nC1 vdd a 2p\n{gates('a', 'y')}",
}


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_connections_say_the_level_of_the_full_supply(name: str, tmp_path: Path) -> None:
    cell = f"{MODELS}.subckt por {CIRCUITS[name]}\n.ends\n"
    (tmp_path / "c.spice").write_text(f"* reset\n{cell}")
    (tmp_path / "d.cir").write_text(
        f"* by hand\n{cell}V1 vdd 0 3\nX1 y vdd 0 por\n.control\nop\nprint v(y)\n.endc\n.end\n"
    )
    said = subprocess.run(["ngspice", "-b", "d.cir"], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    level = float(re.search(r"v\(y\) = (\S+)", said)[1])  # type: ignore[index]  # without it the test fails
    draft = read_circuit(tmp_path / "c.spice", tmp_path, "own")
    assert released_level(draft.structure, "y") == ("vdd" if level > 1.5 else "0")


def test_a_reset_without_a_name_is_drafted_with_its_level(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt por {CIRCUITS['pulled down']}\n.ends\n")
    assert main(["init", str(tmp_path / "c.spice"), "--supply", "3", "--no-sim"]) in {0, 1}
    benches = load_problem(tmp_path).testbenches.values()
    # the level of a full supply, so that one that stays low has no value
    assert {bench.settings["released"] for bench in benches if "released" in bench.settings} == {"vdd"}


def test_a_level_that_nothing_says_is_a_doubt(tmp_path: Path) -> None:
    # two sense nets that push the output to different sides
    body = f"{HEAD}{DETECTOR}R3 vdd a 1MEG\nC1 a vss 1p\nMN1 b s vss vss nch W=1u L=1u\nMP1 b a vdd vdd pch W=1u L=1u\n"
    body += "MP2 b s vdd vdd pch W=1u L=1u\n" + gates("b", "y")
    (tmp_path / "c.spice").write_text(f"* reset\n{MODELS}.subckt por {body}.ends\n")
    draft = read_circuit(tmp_path / "c.spice", tmp_path, "own")
    assert draft.kind.name == "power-on reset"
    assert any("the level of y when it is released" in doubt for doubt in draft.doubts)

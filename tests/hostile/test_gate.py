"""What reaches ngspice passes one gate: decks and commands of a simulation, and nothing else, whatever a name or a
measurement says.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.names import is_name, name_from
from eda_agent.problem.pdk.cut import read_cards
from eda_agent.problem.source import read_source
from eda_agent.problem.spec import Problem
from eda_agent.simulation.failure import SimulationFailed
from eda_agent.simulation.gate import check_command, check_deck
from eda_agent.simulation.workbench import Workbench
from tests.conftest import NAMES

OTA = Path("circuits/ota_5t")
ATTACKS = (
    "x\n.control\nshell touch PROOF\n.endc",
    "x\r.control",
    "x\n*# shell touch PROOF",
    "..",
    "../..",
    "/etc/x",
    "a b",
    "-x",
    ".hidden",
    "x`touch PROOF`",
    "x;y",
    "x>PROOF",
    "x|y",
    "$HOME",
    "x\0y",
    "é",
    "",
    "x" * 65,
    "\x1b[2J",
    "\u202ex",
)


def _spec(folder: Path, **changes: object) -> Path:
    data = yaml.safe_load((OTA / "spec.yaml").read_text())
    data.update(changes)
    (folder / "ota_5t.spice").write_text((OTA / "ota_5t.spice").read_text())
    (folder / "spec.yaml").write_text(yaml.safe_dump(data, allow_unicode=True))
    return folder / "spec.yaml"


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("where", ["name", "corners", "testbenches", "specs"])
def test_a_spec_with_such_a_name_is_refused(tmp_path: Path, text: str, where: str) -> None:
    data = yaml.safe_load((OTA / "spec.yaml").read_text())
    if where == "name":
        change: object = text
    elif where == "corners":
        change = {text: {"process": "tt"}}
    else:
        change = {text if number == 0 else key: value for number, (key, value) in enumerate(data[where].items())}
    with pytest.raises(InputError, match=r"cannot be the name|not valid YAML|no testbench|key|NUL|characters"):
        load_problem(_spec(tmp_path, **{where: change}))


@given(st.text(max_size=100))
def test_a_name_can_be_made_of_any_text(text: str) -> None:
    assert is_name(name_from(text))
    assert not is_name(text) or name_from(text) == text


def test_a_spec_without_a_name_is_called_after_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my amp (2)"
    folder.mkdir()
    data = yaml.safe_load((OTA / "spec.yaml").read_text())
    data.pop("name", None)
    (folder / "ota_5t.spice").write_text((OTA / "ota_5t.spice").read_text())
    (folder / "spec.yaml").write_text(yaml.safe_dump(data))
    assert load_problem(folder).name == "my_amp_2"


@pytest.mark.parametrize("name", NAMES)
def test_the_decks_of_every_circuit_pass(problems: dict[str, Problem], tmp_path: Path, name: str) -> None:
    bench = Workbench(problems[name], tmp_path)
    instance = bench.instance(problems[name].space.initial)
    for deck in bench.decks:
        for flat in (False, True):
            circuit = instance.wire(deck, flat=flat)["circuit"]
            cards = "".join(f"{card.rstrip()}\n" for card in read_cards(deck.models).values())
            check_deck(
                f"{deck.title}{cards}{'' if flat else deck.library.devices}{circuit}{deck.call}{deck.tail}.end".split(
                    "\n"
                )
            )
        for _, command in deck.analyses:
            check_command(command)


COMMANDS = (
    "shell touch PROOF",
    "system touch PROOF",
    "! touch PROOF",
    "op > PROOF",
    "op >> PROOF",
    "op; shell touch PROOF",
    "op\nshell touch PROOF",
    "echo x > PROOF",
    "write PROOF",
    "wrdata PROOF v(out)",
    "source PROOF",
    "cd /",
    "load PROOF",
    "quit",
    "set sourcepath=PROOF",
    "print v(out) > PROOF",
    "snsave PROOF",
    "meas tran x find v(out) at=1 > PROOF",
    "alter @r1[r]=1 | tee PROOF",
    "op `touch PROOF`",
    "op $HOME",
    'ac dec 1 1 "PROOF"',
    "hardcopy PROOF",
    "codemodel PROOF",
    "OP",
    "",
    " ",
    "op&",
    "aspice PROOF",
    "edit PROOF",
    "use PROOF",
    "alias op shell",
    "define f(x) x",
    "save all > PROOF",
    "stop",
    "set num_threads=1 > PROOF",
)


@pytest.mark.parametrize("text", COMMANDS)
def test_another_command_is_refused(text: str) -> None:
    with pytest.raises(SimulationFailed, match="refused"):
        check_command(text)


@pytest.mark.parametrize(
    "line",
    [
        ".control",
        ".CONTROL",
        " .control",
        ".endc",
        ".exec shell",
        "*# shell touch PROOF",
        "*ng_script",
        "* comment",
        ".include PROOF",
        ".lib PROOF tt",
        ".inc PROOF",
        ".csparam a=1",
        ".op > PROOF",
        ".save all",
        ".print tran v(1)",
        "axspice 1 2 file",
        "uthing 1 2",
        "pcoupled 1 2",
        "v1 1 0 1 `touch PROOF`",
        "v1 1 0\x0bshell",
        "r1 1 0 1\n.control",
        "$ x",
        "; x",
        "# x",
        "'x",
        "(x",
    ],
)
def test_another_line_is_refused(line: str) -> None:
    with pytest.raises(SimulationFailed, match="refused"):
        check_deck(["* title", "r1 1 0 1k", line, ".end"])


@pytest.mark.parametrize("title", ["*# shell touch PROOF", ".control", "", "* x\n.control", "title"])
def test_another_title_is_refused(title: str) -> None:
    with pytest.raises(SimulationFailed, match="refused"):
        check_deck([title, ".end"])


CODE = """
import os, socket
from eda_agent.simulation.gate import Gated
from eda_agent.simulation.failure import SimulationFailed
from eda_agent.simulation.ngspice import Ngspice
import sys
ngspice = (Gated if sys.argv[1] == "gate" else Ngspice)()
try:
    ngspice.load(["* x", ".control", "shell touch proof", ".endc", "r1 1 0 1k", "v1 1 0 1", ".end"])
except SimulationFailed:
    pass
try:
    ngspice.command("shell touch proof")
except SimulationFailed:
    pass
"""


def test_with_the_sandbox_off_the_gate_alone_holds(tmp_path: Path) -> None:
    """The same attack without the gate shows that it would have worked."""
    import sys

    for way in ("gate", "bare"):
        subprocess.run([sys.executable, "-c", CODE, way], cwd=tmp_path, check=True, timeout=60, capture_output=True)
        assert (tmp_path / "proof").exists() == (way == "bare")


@pytest.mark.parametrize(
    "line",
    [".op > PROOF", ".ac dec 10 1 1g > PROOF", ".tran 1n 10n | tee PROOF", ".dc vin 0 1 0.1 & touch PROOF", '.op "x"'],
)
def test_an_analysis_of_an_own_deck_is_refused_where_it_is_read(tmp_path: Path, line: str) -> None:
    (tmp_path / "tb.spice").write_text(f"vsup vdd 0 1.8\n{line}\n")
    with pytest.raises(InputError, match="this analysis has characters that are not allowed"):
        read_source(tmp_path / "tb.spice", [tmp_path], analyses=True)

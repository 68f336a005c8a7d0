"""Hostile netlists: each is refused in one message or comes to nothing, quickly, also in the ngspice that has no
sandbox around it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.allow_list import ANALYSIS_CARDS, CIRCUIT_CARDS, DEVICES
from eda_agent.problem.draft import read_circuit
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.load import load_problem
from eda_agent.problem.netlist import Netlist

from .netlists import SOUND, alone, lines

SPEC = """name: hostile
circuit: amp.spice
subckt: amp
pdk: own
parameters: {M1.w: {min: 1u, max: 2u}}
ports: {out: b}
bias: {a: {voltage: 1}}
testbenches: {drift: {template: reference}}
specs: {power: {testbench: drift, maximum: 1}}
corners: {nominal: {process: tt, vdd: 1, temperature: 27}}
"""
SECONDS = 10.0


class Place:
    """A folder with the netlist, and around it what it must not touch."""

    def __init__(self, tmp_path: Path):
        self.folder = tmp_path / "project"
        self.folder.mkdir()
        self.canary = tmp_path / "canary"
        self.secret = tmp_path / "secret.spice"
        self.secret.write_text("RLEAK a b 4242\n.subckt leaked a b\nR1 a b 4242\n.ends\n")
        (self.folder / "link").symlink_to(self.secret)
        (self.folder / "folder").mkdir()
        os.mkfifo(self.folder / "pipe")
        (self.folder / "loop").write_text(".include loop\n")
        (self.folder / "spec.yaml").write_text(SPEC)

    def filled(self, text: str) -> str:
        return (
            text.replace("SECRETNAME", self.secret.name)
            .replace("SECRET", str(self.secret))
            .replace("CANARY", str(self.canary))
        )

    def write(self, data: bytes) -> Path:
        path = self.folder / "amp.spice"
        path.write_bytes(self.filled(data.decode("latin-1")).encode("latin-1") if len(data) < 1_000_000 else data)
        return path

    def check(self) -> None:
        """Read it as a run does and as `init` does; what is left goes through a plain ngspice."""
        start = time.process_time()
        try:
            problem = load_problem(self.folder / "spec.yaml")
            Elaboration(problem.netlist, problem.subckt, {}).devices({})
            self.harmless(problem.netlist)
        except InputError as error:
            plain(str(error))
        try:
            draft = read_circuit(self.folder / "amp.spice", self.folder, "own")
            self.harmless(draft.netlist)
        except InputError as error:
            plain(str(error))
        assert time.process_time() - start < SECONDS
        assert not self.canary.exists()

    def harmless(self, netlist: Netlist) -> None:
        text = netlist.text(comments=False)
        assert "4242" not in text
        for line in text.split("\n"):
            if line.strip():
                card = line.split(None, 1)[0].lower()
                assert card in CIRCUIT_CARDS | ANALYSIS_CARDS or card[0] in DEVICES, line[:200]
                assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029`]", line), line[:200]
                assert not re.search(r"\bfile\b\s*[=('\"\s]", line, re.IGNORECASE), line[:200]
        if len(text) < 300_000 and shutil.which("ngspice"):
            deck = self.folder / "deck.cir"
            deck.write_text(f"title\n{text.replace('.end', '*')}\nv0 0 a 0\n.op\n.end\n")
            subprocess.run(
                ["ngspice", "-b", str(deck)],
                cwd=self.folder,
                capture_output=True,
                timeout=20,
                check=False,
                stdin=subprocess.DEVNULL,
            )


def plain(message: str) -> None:
    """One message that a terminal can show, without what it must not know."""
    assert message and len(message) < 40_000 and "4242" not in message and "Traceback" not in message
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\x9b]", message)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("name", lines())
def test_lines_in_a_sound_circuit(name: str, place: Place) -> None:
    text = lines()[name]
    place.write(SOUND.replace("R1 a vdd 1k\n", f"R1 a vdd 1k\n{text}\n").encode("utf-8", "surrogatepass"))
    place.check()
    # and outside of it
    place.write(f"{SOUND}{text}\n".encode("utf-8", "surrogatepass"))
    place.check()


@pytest.mark.parametrize("name", alone())
def test_whole_files(name: str, place: Place) -> None:
    place.write(alone()[name])
    place.check()


def test_the_sound_circuit_is_sound(place: Place) -> None:
    place.write(SOUND.encode())
    assert (
        len(Elaboration((problem := load_problem(place.folder / "spec.yaml")).netlist, problem.subckt, {}).devices({}))
        == 2
    )


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "link to a device", "loop of links", "unreadable"])
def test_what_is_no_file(kind: str, place: Place) -> None:
    path = place.folder / "amp.spice"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "link to a device":
            (place.folder / "zero").symlink_to("/dev/random")
            path.symlink_to(place.folder / "zero")
        case "loop of links":
            path.symlink_to(place.folder / "other")
            (place.folder / "other").symlink_to(path)
        case "unreadable":
            path.write_bytes(SOUND.encode())
            path.chmod(0)
            if os.geteuid() == 0:
                pytest.skip("root reads everything")  # modes do not bind root, so there is nothing to see
    place.check()

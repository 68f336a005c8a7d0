"""Netlists, names, measurements and commands that are made by the hundred from the hand-written ones: letters, blanks,
marks and breaks put where they hurt.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eda_agent.errors import InputError
from eda_agent.problem.allow_list import ANALYSIS_CARDS
from eda_agent.problem.load import load_problem
from eda_agent.problem.names import is_name
from eda_agent.simulation.failure import SimulationFailed
from eda_agent.simulation.gate import check_command, check_deck

from ..netlists import SOUND, lines
from ..test_gate import COMMANDS
from ..test_netlists import SPEC, Place
from .count import Attack

MARKS = [
    "\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    "\0",
    "\v",
    "\f",
    "\x1c",
    "\x85",
    "\u2028",
    "\u00a0",
    "\ufeff",
    ";",
    "$",
    "*",
    "*#",
    "+",
    "\n+",
    "\n*#",
    "//",
    "#",
    "`",
    "'",
    '"',
    "\\",
    "\\\n",
    "{",
    "}",
    "(",
    ")",
    "=",
    "|",
    "&",
    ">",
    ">>",
    "<",
    "~",
    "%",
    ",",
    "\x1b[2J",
    "\u202e",
    "\ud800",
]
ACTS = [
    "shell touch CANARY",
    "echo x > CANARY",
    "write CANARY",
    "source SECRET",
    ".include SECRET",
    ".control\nshell touch CANARY\n.endc",
    "*#shell touch CANARY",
    "R9 a b r='system(\"touch CANARY\")'",
    'B9 a 0 v={file("SECRET")}',
    '.model m9 filesource(file="SECRET")',
    "A9 %v([a]) m9",
    ".lib SECRET tt",
    ".csparam x={1}",
    ".exec touch CANARY",
]


def mutated(text: str, draw: random.Random) -> str:
    """One to three changes of a text: a mark put in, a piece doubled, dropped, turned in its case, or an act beside
    it.
    """
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(len(text) + 1)
        match draw.randrange(6):
            case 0 | 1:
                text = text[:place] + draw.choice(MARKS) + text[place:]
            case 2:
                text = text[:place] + draw.choice(MARKS) + draw.choice(ACTS) + draw.choice(MARKS) + text[place:]
            case 3:
                text = text[:place] + text[place + draw.randint(1, 4) :]
            case 4:
                text = text[:place] + text[place:].swapcase()
            case _:
                text = text + draw.choice(MARKS) + text[:place]
    return text


def netlist_attacks(folder: Path, count: int, seed: int = 1, *, simulated: int = 40) -> Iterator[Attack]:
    """Lines inside and outside a sound circuit. `simulated`: how many of those that are taken go through a plain
    ngspice without a sandbox.
    """
    draw, place, left = random.Random(seed), Place(folder), [simulated]
    base = [text for text in lines().values() if len(text) < 2000]
    for number in range(count):
        text = mutated(draw.choice(base), draw)
        inside = SOUND.replace("R1 a vdd 1k\n", f"R1 a vdd 1k\n{text}\n") if number % 2 else f"{SOUND}{text}\n"
        yield f"netlist {number}: {text[:60]!r}", partial(_netlist, place, inside, left)


def _netlist(place: Place, text: str, left: list[int]) -> str:
    place.write(text.encode("utf-8", "surrogatepass"))
    try:
        problem = load_problem(place.folder / "spec.yaml")
    except InputError as error:
        return str(error)
    left[0] -= 1
    if left[0] >= 0 or not _plainly_sound(problem.netlist.text(comments=False)):
        place.harmless(problem.netlist)
    assert not place.canary.exists()
    return ""


def _plainly_sound(text: str) -> bool:
    return (
        "4242" not in text
        and ".control" not in text.lower()
        and "file" not in text.lower()
        and not any(mark in text for mark in "`\0\x1b")
    )


def name_attacks(folder: Path, count: int, seed: int = 2) -> Iterator[Attack]:
    """Names of a spec, its corners, testbenches, specs and settings."""
    draw, place = random.Random(seed), Place(folder)
    place.write(SOUND.encode())
    for number in range(count):
        text = mutated(draw.choice(["x", "amp", "nominal", "..", "a.b"]), draw).encode("utf-8", "replace").decode()
        where = draw.choice(["hostile", "nominal", "drift", "power", "M1.w", "amp.spice", "tt", "own", "b"])
        yield f"name {number}: {where} {text!r}", partial(_name, place, where, text)


def _name(place: Place, where: str, text: str) -> str:
    path = place.folder / "spec.yaml"
    # the text of JSON is one of YAML, quoted
    path.write_text(SPEC.replace(where, json.dumps(place.filled(text))))
    try:
        problem = load_problem(path)
    except InputError as error:
        return str(error)
    names = [problem.name, *(corner.name for corner in problem.corners), *problem.testbenches, *problem.spec_names]
    assert all(map(is_name, names)), names
    return ""


def measure_attacks(folder: Path, count: int, seed: int = 3) -> Iterator[Attack]:
    """`.meas` lines and decks of the user's own, read and put through the gate."""
    draw, place = random.Random(seed), Place(folder)
    place.write(SOUND.encode())
    for number in range(count):
        text = mutated(
            draw.choice(
                [
                    "find v(b) at=1n",
                    "trig v(a) val=1 rise=1 targ v(b) val=1 rise=1",
                    "max v(b) from=0 to=1u",
                    *COMMANDS[:20],
                ]
            ),
            draw,
        )
        yield f"measure {number}: {text[:60]!r}", partial(_measure, place, text, number % 2 == 0)


def _measure(place: Place, text: str, own: bool) -> str:
    text = place.filled(text).encode("utf-8", "replace").decode()
    deck = place.folder / "own.cir"
    deck.write_text(f"* own\nX1 a b vdd 0 amp\nV1 vdd 0 1\n{'' if own else text}\n.tran 1n 1u\n.end\n")
    bench = "testbenches: {drift: {deck: own.cir, probes: {out: b}}}"
    measure = json.dumps(f"tran {text}" if own else "tran max v(b)")
    spec = SPEC.replace(
        "testbenches: {drift: {template: reference}}",
        f"{bench}\nmeasures: {{mine: {{testbench: drift, unit: V, meas: {measure}}}}}",
    )
    (place.folder / "spec.yaml").write_text(
        spec.replace("specs: {power: {testbench: drift, maximum: 1}}", "specs: {mine: {testbench: drift, maximum: 1}}")
    )
    try:
        problem = load_problem(place.folder / "spec.yaml")
    except InputError as error:
        return str(error)
    for testbench in problem.testbenches.values():
        for line in testbench.deck.splitlines():
            card = line.split(None, 1)[0].lower() if line.split() else ""
            assert card in ANALYSIS_CARDS or card not in {".control", ".include", ".lib", ".exec", ".csparam"}, line
        for how in testbench.measures.values():
            kind, _, words = how.partition(" ")
            if kind == "meas":
                check_command(f"meas tran mine {words}")
    return ""


CHILD = """
import json, os, resource, sys
from eda_agent.simulation.ngspice import Ngspice
ngspice = Ngspice()
ngspice.load(["* x", "r1 1 0 1k", "v1 1 0 1", ".end"])
for kind, text in json.load(open(sys.argv[1])):
    # some decks end the process
    if (child := os.fork()) == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (3, 3))
        try:
            ngspice.command(text) if kind == "command" else ngspice.load(text)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
print("through")
"""


def gate_attacks(folder: Path, count: int, seed: int = 4) -> Iterator[Attack]:
    """Commands and decks through the gate; the last attack gives all that the gate let through to an ngspice without
    gate and sandbox.
    """
    draw = random.Random(seed)
    passed: list[tuple[str, object]] = []
    base = [
        "op",
        "tran 1n 1u",
        "ac dec 10 1 1G",
        "meas tran x max v(1)",
        "alter @r1[r]=2",
        "show r1",
        "destroy all",
        "noise v(1) v1 dec 1 1 1k",
        *COMMANDS,
    ]
    for number in range(count):
        if number % 2:
            text = mutated(draw.choice(base), draw).replace("CANARY", "proof").encode("utf-8", "replace").decode()
            yield f"command {number}: {text[:60]!r}", partial(_command, text, passed)
        else:
            line = mutated(draw.choice(["r2 1 0 1k", ".param x=1", "b2 2 0 v={v(1)}", "+ x=1", *ACTS]), draw).replace(
                "CANARY", "proof"
            )
            yield (
                f"deck {number}: {line[:60]!r}",
                partial(
                    _deck, ["* x", "r1 1 0 1k", "v1 1 0 1", line.encode("utf-8", "replace").decode(), ".end"], passed
                ),
            )
    yield "what the gate let through, in an ngspice without it", partial(_through, folder, passed)


def _command(text: str, passed: list[tuple[str, object]]) -> str:
    try:
        check_command(text)
    except SimulationFailed as failed:
        return str(failed)
    passed.append(("command", text))
    return ""


def _deck(deck: list[str], passed: list[tuple[str, object]]) -> str:
    try:
        check_deck(deck)
    except SimulationFailed as failed:
        return str(failed)
    passed.append(("deck", deck))
    return ""


def _through(folder: Path, passed: list[tuple[str, object]]) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "passed.json").write_text(json.dumps(passed))
    before = {path.name for path in folder.iterdir()}
    told = subprocess.run(
        [sys.executable, "-c", CHILD, "passed.json"],
        cwd=folder,
        capture_output=True,
        timeout=300,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    made = {path.name for path in folder.iterdir()} - before
    assert not made, f"{sorted(made)} were made"
    assert told.stdout.endswith(b"through\n"), told.stderr[-300:]
    return f"{len(passed)} passed"


def attacks(folder: Path, count: int = 400) -> Iterator[Attack]:
    for name, make in (
        ("netlists", netlist_attacks),
        ("names", name_attacks),
        ("measures", measure_attacks),
        ("gate", gate_attacks),
    ):
        (folder / name).mkdir()
        yield from make(folder / name, count)

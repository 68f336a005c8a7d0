"""Run folders and environments: each file of a run as a link, a pipe, a folder, garbage, or without end; each variable
with a value that nobody means.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest import mock

from eda_agent.agent.commands import parse_command
from eda_agent.errors import EdaAgentError

from .count import Attack, command

RUN = Path(__file__).parents[2] / "fixtures" / "run" / "ota"
FILES = (
    "journal.jsonl",
    "spec.yaml",
    "ota_5t.spice",
    "origin.json",
    "best.json",
    "sized.spice",
    "orders.jsonl",
    "report.html",
    "report.md",
    "montecarlo.json",
)
KINDS = (
    "a link to a secret",
    "a link to itself",
    "a link to zeros",
    "a pipe",
    "a folder",
    "nothing",
    "empty",
    "garbage",
    "a list",
    "text of JSON",
    "sparse",
    "without rights",
    "a second name",
)
COMMANDS = (
    ["show"],
    ["export"],
    ["export", "--diff"],
    ["report", "--no-sim"],
    ["report", "--format", "md"],
    ["runs"],
    ["show", "--json"],
)
ENVIRONMENT = (
    "EDA_AGENT_CACHE",
    "EDA_AGENT_CONFIG",
    "EDA_AGENT_UNTRUSTED",
    "EDA_AGENT_SANDBOX",
    "EDA_AGENT_ALLOW_CODE",
    "PDK_ROOT",
    "TMPDIR",
    "COLUMNS",
    "LINES",
    "TERM",
    "LANG",
    "HOME",
    "XDG_CACHE_HOME",
    "OPENAI_BASE_URL",
    "OPENAI_API_KEY",
    "NO_COLOR",
)
VALUES = (
    "",
    "x",
    "-1",
    "1e9",
    "/dev/null",
    "/dev/zero",
    "/nowhere/at/all",
    "/etc/passwd",
    "..",
    "~",
    "$HOME",
    "a\nb",
    "\x1b[2J",
    "\udcff",
    "x" * 5000,
    "http://[",
    "true",
    "0",
)
ORDERS = (
    {"do": "spend", "simulations": 5},
    {"do": "try", "sizing": {"W": "8u"}},
    {"do": "hint", "text": "x"},
    {"do": "target", "spec": "gbw", "minimum": "20M"},
    {"do": "policy", "name": "x", "options": {"a": "b"}},
    {"do": "back", "turn": 1},
)


def place(path: Path, kind: str, secret: Path) -> None:
    """Put something of that kind where a file of the run lies."""
    whole = path.read_bytes() if path.is_file() else b"{}"
    path.unlink(missing_ok=True)
    match kind:
        case "a link to a secret":
            path.symlink_to(secret)
        case "a link to itself":
            path.symlink_to(path.name)
        case "a link to zeros":
            path.symlink_to("/dev/zero")
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case "a second name":
            os.link(secret, path)
        case "empty":
            path.write_bytes(b"")
        case "garbage":
            path.write_bytes(random.Random(0).randbytes(5000))
        case "a list":
            path.write_text("[1, 2]\n")
        case "text of JSON":
            path.write_text('"x"\n')
        case "sparse":
            path.touch()
            os.truncate(path, 10**10)
        case "without rights":
            path.write_bytes(whole)
            path.chmod(0)


def folder_attacks(folder: Path) -> Iterator[Attack]:
    for file in FILES:
        for kind in KINDS:
            for words in COMMANDS:
                yield f"{file}: {kind}: {' '.join(words)}", partial(_folder, folder, file, kind, words)


def _folder(folder: Path, file: str, kind: str, words: list[str]) -> str:
    shutil.rmtree(folder / "run", ignore_errors=True)
    shutil.copytree(RUN, folder / "run")
    secret = folder / "secret"
    secret.write_text("4242 hunter2\nRhunter2 a\n")
    place(folder / "run" / file, kind, secret)
    said = command(words[0], str(folder / "run"), *words[1:])
    assert secret.read_text() == "4242 hunter2\nRhunter2 a\n", "what the link leads to was changed"
    assert "hunter2" not in said, "what the link leads to was shown"
    return said[:40_000]


def environment_attacks(folder: Path) -> Iterator[Attack]:
    for name in ENVIRONMENT:
        for number, value in enumerate(VALUES):
            for words in (["show", str(RUN)], ["check", "circuits/ota_5t"], ["runs", str(RUN.parent)]):
                yield f"{name}={number}: {words[0]}", partial(_environment, name, value, words)


def _environment(name: str, value: str, words: list[str]) -> str:
    with mock.patch.dict(os.environ, {name: value}):
        return command(*words)[:40_000]


def order_attacks(count: int, seed: int = 5) -> Iterator[Attack]:
    from .netlists import mutated

    draw = random.Random(seed)
    for number in range(count):
        yield f"order {number}", partial(_order, mutated(json.dumps(draw.choice(ORDERS)), draw))


def _order(text: str) -> str:
    try:
        return str(parse_command(text).data())[:0]
    except EdaAgentError as error:
        return str(error)


def attacks(folder: Path) -> Iterator[Attack]:
    yield from folder_attacks(folder)
    yield from environment_attacks(folder)
    yield from order_attacks(400)

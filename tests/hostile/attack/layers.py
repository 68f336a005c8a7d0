"""What each missing layer of the sandbox costs: tried from inside a confined process, layer by layer, against what
`gaps` says of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from eda_agent.simulation.sandbox import gaps
from tests.simulation.test_sandbox import TRIES

LACKS = {
    "nothing": "",
    "Landlock": "sandbox.landlock.restrict = lambda *_: False",
    "seccomp": "sandbox.seccomp.install = lambda *_: False",
    "Landlock and seccomp": "sandbox.landlock.restrict = sandbox.seccomp.install = lambda *_: False",
    **{
        f"seccomp, with Landlock {version}": (
            f"sandbox.seccomp.install = lambda *_: False\nsandbox.landlock.version = lambda: {version}"
        )
        for version in (1, 2, 3, 5)
    },
}
"""What a machine lacks → what makes it so."""
PHRASES = {
    "! read a secret": "read the user's files",
    "! rights": "change the rights of the user's files",
    "! truncate elsewhere": "empty the user's files",
    "! write elsewhere": "write the user's files",
    "! spawn": "start programs",
    "! tcp": "use the network",
    "! signal the parent": "send signals to other processes",
    "! priority of the parent": "the priority of processes",
}
"""What is tried → how `gaps` says that it is possible."""
_TCP = 'tries["! tcp"] = lambda: socket.create_connection(listener.getsockname(), 2)\n'


@dataclass(frozen=True)
class Cost:
    """`lacks`: the layer that is missing. `can`: what was done all the same, as `gaps` words it. `said`: what `gaps`
    says.
    """

    lacks: str
    held: tuple[str, ...]
    can: tuple[str, ...]
    said: tuple[str, ...]

    @property
    def honest(self) -> bool:
        """Whether nothing can be done that is not said. Whoever can write a file can empty it."""
        words = " ".join(self.said)
        return all(phrase in words or (phrase.startswith("empty") and "write the" in words) for phrase in self.can)


def costs() -> list[Cost]:
    return [_cost(lacks, patch) for lacks, patch in LACKS.items()]


def _cost(lacks: str, patch: str) -> Cost:
    with tempfile.TemporaryDirectory() as place:
        own, outside = Path(place) / "own", Path(place) / "outside"
        own.mkdir()
        outside.mkdir()
        (outside / "key").write_text("secret")
        code = f"from eda_agent.simulation import sandbox\n{patch}\n" + TRIES.replace(
            "found = {}\n", f"{_TCP}found = {{}}\n", 1
        )
        words = [sys.executable, "-c", code, str(own), str(outside), str(outside / "key"), ",".join(PHRASES)]
        answer = json.loads(subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout)
        kept = (outside / "key").read_text() == "secret"
    can = [PHRASES[name] for name, what in answer["found"].items() if what == "done"]
    assert kept or "empty the user's files" in can
    return Cost(lacks, tuple(answer["held"]), tuple(can), tuple(gaps(answer["held"])))


def table(found: list[Cost]) -> str:
    """As docs/security.md has it."""
    rows = ["| missing layer | what a compromised simulator can do |", "| --- | --- |"]
    return "\n".join([*rows, *(f"| {one.lacks} | {', '.join(one.can) or 'nothing of these'} |" for one in found)])

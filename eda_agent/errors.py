"""An error is something that the user can act on: what is wrong, where, and what to do.

    EdaAgentError            anything that ends the program with a message
    ├── InputError           bad spec, netlist or option: exit status 2, carries every finding at once
    ├── MissingError         a needed tool, package or model is not installed: exit status 3
    ├── StorageError         a disk that is full or gone: exit status 3; what was written before it is whole
    └── WorkerError          the simulator could not be kept alive at all: exit status 3

A simulation that fails is not an error but a value (`eda_agent.simulation.failure`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


def visible(text: str) -> str:
    """A text with every control character but tab and the end of a line as its code: what a file says must not steer the terminal that shows it."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else f"\\x{ord(letter):02x}" for letter in text)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong in one place.

    `where` is a key path or a line of a netlist, `read` what stood there, `fix` what to write instead.
    """

    message: str
    file: Path | None = None
    line: int | None = None
    where: str = ""
    read: str = ""
    fix: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        text = f"{place}: " if place else ""
        text += f"{self.where}: " if self.where else ""
        text += self.message
        text += f" (read: {self.read})" if self.read else ""
        text += f"\n    → {self.fix}" if self.fix else ""
        return visible(text)


class EdaAgentError(Exception):
    """A message for the user; `exit_status` is what the command line returns."""

    exit_status = 1


class InputError(EdaAgentError):
    """Bad input; `findings` holds every fault found, so that one pass mends them all."""

    exit_status = 2

    def __init__(self, findings: Iterable[Finding] | Finding | str):
        if isinstance(findings, str):
            findings = [Finding(findings)]
        elif isinstance(findings, Finding):
            findings = [findings]
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class MissingError(EdaAgentError):
    """A tool, package or model that is needed is not there; the message says how to get it."""

    exit_status = 3


class StorageError(EdaAgentError):
    """What a run says cannot be written down, so it cannot go on; the message says where and why."""

    exit_status = 3


class WorkerError(EdaAgentError):
    """Simulator workers die as soon as they start; the message carries their last words."""

    exit_status = 3

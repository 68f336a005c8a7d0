"""An error is a message that the user can act on: what is wrong, where, and what to do.

    EdaAgentError            anything that ends the program with a message
    ├── InputError           bad spec, netlist or option: exit status 2, carries every finding at once
    ├── MissingError         a needed tool, package or model is not installed: exit status 3
    ├── StorageError         a full or missing disk: exit status 3; earlier data is complete
    └── WorkerError          simulator processes cannot be kept alive: exit status 3

A failed simulation is a value, not an error (`eda_agent.simulation.failure`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


def visible(text: str) -> str:
    """Replace every control character except tab and newline by its code, so that text of a file cannot control the
    terminal.
    """
    return "".join(letter if letter.isprintable() or letter in "\n\t" else f"\\x{ord(letter):02x}" for letter in text)


@dataclass(frozen=True)
class Finding:
    """One fault in one place.

    `where` is a key path or a line of a netlist, `read` the text found there, `fix` the correction.
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
    """Bad input. `findings` holds every fault, so that the user can correct all of them in one pass."""

    exit_status = 2

    def __init__(self, findings: Iterable[Finding] | Finding | str):
        if isinstance(findings, str):
            message, _, fix = findings.partition("\n    → ")
            findings = [Finding(message, fix=fix)]
        elif isinstance(findings, Finding):
            findings = [findings]
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class MissingError(EdaAgentError):
    """A needed tool, package or model is missing; the message says how to install it."""

    exit_status = 3


class StorageError(EdaAgentError):
    """A run's data cannot be written, so the run ends; the message says where and why."""

    exit_status = 3


class WorkerError(EdaAgentError):
    """Simulator workers end as soon as they start; the message carries their last output."""

    exit_status = 3

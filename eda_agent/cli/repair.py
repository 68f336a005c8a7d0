"""A repair is the command that installs what `eda-agent doctor` misses: packages of the system or of this Python."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

_PACKAGE = r"(?:--no-deps|[a-z0-9][\w.+-]*(?:==[\w.]+)?)"
_FIX = re.compile(rf"(?P<tool>apt|pip) install (?P<packages>{_PACKAGE}(?: {_PACKAGE})*)")


def repairs(rows: Sequence[Mapping[str, Any]]) -> tuple[list[list[str]], list[str]]:
    """Commands for the missing parts without which circuits cannot be simulated, and what they leave to the user.

    Args:
        rows: the checks of `eda-agent doctor`. Only the text after `→` of our own messages is read.

    Returns:
        (commands, advice): a command is a list of words; advice is what has no command, and the extras.
    """
    commands: list[list[str]] = []
    advice = []
    for row in rows:
        if row["ok"]:
            continue
        found = None if row["name"].startswith("[") else _FIX.search(row["fix"])
        words = _command(found["tool"], found["packages"].split()) if found else None
        if words is None:
            advice.append(f"{row['name']}: {row['fix']}")
        elif words not in commands:
            commands.append(words)
    return commands, advice


def _command(tool: str, packages: list[str]) -> list[str] | None:
    """The words to run; None if this machine or this user cannot."""
    if tool == "pip":
        return [sys.executable, "-m", "pip", "install", *packages]
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["apt-get", "install", "-y", *packages]
    return ["sudo", "apt-get", "install", "-y", *packages] if shutil.which("sudo") else None


def run_repairs(commands: Sequence[Sequence[str]], tell: Any) -> bool:
    """Run the commands in turn, each shown before; whether all succeeded."""
    good = True
    for words in commands:
        tell(f"runs    {shlex.join(words)}")
        good = subprocess.run(words, check=False).returncode == 0 and good
    return good

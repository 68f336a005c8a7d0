"""What the program says to a terminal passes here: text of others is shown, and steers nothing.

Netlists, specs, journals, models and simulators come from anyone. A control character in what they say could move the cursor, colour a verdict
or turn a line around; it is written as its code.
"""

from __future__ import annotations

import shlex
import sys

from eda_agent.errors import visible


def say(text: object) -> None:
    """A line for people, on stderr."""
    print(visible(str(text)), file=sys.stderr)


def write(text: str) -> None:
    """Text that the command is for, on stdout."""
    sys.stdout.write(visible(text))


def command(*words: object) -> str:
    """A command of ours for people to copy: a shell takes each word as one, whatever stands in it."""
    return shlex.join(["eda-agent", *map(str, words)])


def forgive_encodings() -> None:
    """On a terminal of ASCII or Latin-1 a letter that it does not have becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")

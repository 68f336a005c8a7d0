"""Terminal output: control characters in text from others are shown as codes.

Netlists, specs, journals, models and simulators are untrusted. A control character in their text could move the cursor,
colour a verdict or reverse a line.
"""

from __future__ import annotations

import shlex
import sys

from eda_agent.errors import visible


def say(text: object) -> None:
    """Print a line for people, on stderr."""
    print(visible(str(text)), file=sys.stderr)


def prompt(text: object) -> None:
    """Print a question on stderr; the answer follows in the same line."""
    print(visible(str(text)), end="", file=sys.stderr, flush=True)


def write(text: str) -> None:
    """Print a command's data on stdout."""
    sys.stdout.write(visible(text))


def command(*words: object) -> str:
    """A command for people to copy, with each word quoted for a shell."""
    return shlex.join(["eda-agent", *map(str, words)])


def forgive_encodings() -> None:
    """Replace letters that the terminal's encoding (ASCII, Latin-1) lacks by question marks instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")

"""What came of an attack: it held, or what happened instead."""

from __future__ import annotations

import contextlib
import io
import re
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eda_agent.cli import main
from eda_agent.errors import EdaAgentError

SECONDS = 10.0
"""Of this process for one attack."""
MAX_TEXT = 40_000
"""Characters of a message."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

Attack = tuple[str, Callable[[], str]]
"""What it is, and a call that makes it and gives what was said. A fault is any exception but the one that a user is
told, too long a time, and words that steer a terminal.
"""


@dataclass
class Count:
    """`faults`: what did not hold, by the attack that showed it."""

    name: str
    tried: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def data(self) -> dict[str, object]:
        return {"class": self.name, "attacks": self.tried, "faults": len(self.faults)}


def count(name: str, attacks: Iterator[Attack], canary: Path | None = None) -> Count:
    """Make every attack. `canary`: a file that none of them may leave behind."""
    result, begun = Count(name), time.monotonic()
    for what, attack in attacks:
        result.tried += 1
        fault = held(attack)
        if canary is not None and canary.exists():
            canary.unlink()
            fault = "it wrote the canary"
        if fault:
            result.faults[what] = fault
    result.seconds = time.monotonic() - begun
    return result


def held(attack: Callable[[], str]) -> str:
    """ "" where an attack came to nothing, else what it did."""
    begun = time.process_time()
    try:
        said = attack()
    except EdaAgentError as error:
        said = str(error)
    except SystemExit as error:
        said = str(error)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:120]} ({Path(place.filename).name}:{place.lineno})"
    if (took := time.process_time() - begun) > SECONDS:
        return f"it took {took:.0f} s"
    if found := CONTROL.search(said):
        return f"{found[0]!r} reached the terminal"
    return (
        "it said too much"
        if len(said) > MAX_TEXT
        else "a traceback"
        if "Traceback (most recent call last)" in said
        else ""
    )


def command(*words: str) -> str:
    """What a command says, on both streams."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        main(list(words))
    return out.getvalue() + err.getvalue()

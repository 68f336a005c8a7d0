"""The wording of the Python API: messages name arguments and functions where the command line names options and
commands.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from eda_agent.errors import InputError
from eda_agent.option_words import reworded

FUNCTION_OF = {
    "init": "ea.draft",
    "check": "ea.load",
    "sim": "ea.simulate",
    "size": "ea.size",
    "show": "ea.open_run",
    "mc": "ea.monte_carlo",
    "sensitivity": "ea.sensitivity",
}
"""Command → function. Other commands have none, and are named as they are."""
SWITCHES = frozenset({"force", "memory", "resume"})
"""Arguments that are True or False."""
NAMES = {"port": "ports", "setting": "settings", "from": "target", "robust": "share"}
"""Option → argument, where the names differ."""
OF_OTHERS = frozenset({"no-deps", "head", "allow-code", "save"})
"""Options of other programs, or of the command line alone."""

F = TypeVar("F", bound=Callable[..., Any])


def in_python(function: F) -> F:
    """The same function, whose errors speak Python."""

    @functools.wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except InputError as error:
            speak_python(error)
            raise

    return cast("F", called)


def speak_python(error: InputError) -> None:
    """Replace the words of the command line in an error."""
    error.findings = tuple(
        replace(one, message=_said(one.message), where=_said(one.where), fix=_said(one.fix)) for one in error.findings
    )
    error.args = ("\n".join(str(one) for one in error.findings),)


def _said(text: str) -> str:
    return reworded(text, _argument, lambda name: FUNCTION_OF.get(name, f"eda-agent {name}"))


def _argument(option: str) -> str:
    if option in OF_OTHERS:
        return f"--{option}"
    name = NAMES.get(option, option.replace("-", "_"))
    return f"{name}=True" if name in SWITCHES else name

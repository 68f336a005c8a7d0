"""An argument parser whose messages are one line with what to write instead, not a page of usage."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import NoReturn

from eda_agent.cli.nearest import nearest
from eda_agent.cli.say import say

_CHOICE = re.compile(
    r"(?:argument (?P<argument>.+?): )?invalid choice: '(?P<word>.*?)' \(choose from (?P<choices>.*)\)$"
)
_UNKNOWN = re.compile(r"unrecognized arguments: (?P<word>-[^\s=]+)")


class UsageError(SystemExit):
    """A wrong command line, whose message was printed; the exit status is 2."""

    def __init__(self, message: str):
        super().__init__(2)
        self.message = message


class ArgumentParser(argparse.ArgumentParser):
    """Its errors name the nearest command, option or value, and the help that lists them all."""

    def error(self, message: str) -> NoReturn:
        mended = self._mended(message)
        say(f"{self.prog}: {mended}")
        raise UsageError(mended)

    def _mended(self, message: str) -> str:
        choice, unknown = _CHOICE.search(message), _UNKNOWN.search(message)
        if choice is not None:
            choices = re.findall(r"[^\s,']+", choice["choices"])
            what = "command" if (choice["argument"] or "COMMAND") == "COMMAND" else f"value of {choice['argument']}"
            return f"{choice['word']!r} is no {what}\n    → {self._nearest(choice['word'], choices)}"
        if unknown is not None:
            known = [option for action in self._deepest()._actions for option in action.option_strings]
            return f"{message}\n    → {self._nearest(unknown['word'], known, listed=False)}"
        return f"{message}\n    → see {self.prog} --help"

    def parse_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # as its base
        self._asked = list(args or ())
        return super().parse_args(args, namespace)

    def _deepest(self) -> argparse.ArgumentParser:
        """The parser of the command that was given: it has the options among which the nearest is."""
        for action in self._subparsers._group_actions if self._subparsers is not None else ():
            for word in getattr(self, "_asked", ()):
                if isinstance(action.choices, dict) and word in action.choices:
                    found: argparse.ArgumentParser = action.choices[word]
                    return found
        return self

    def _nearest(self, word: str, choices: Iterable[str], *, listed: bool = True) -> str:
        found = nearest(word, choices)
        return found if listed or found.startswith("did") else f"see {self._deepest().prog} --help"

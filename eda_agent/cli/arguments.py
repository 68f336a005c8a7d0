"""An argument parser whose messages are one line with what to write instead, not a page of usage."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import NoReturn

from eda_agent.cli.nearest import nearest
from eda_agent.cli.other_words import OTHER_WORDS
from eda_agent.cli.say import say

_CHOICE = re.compile(
    r"(?:argument (?P<argument>.+?): )?invalid choice: '(?P<word>.*?)' \(choose from (?P<choices>.*)\)$"
)
_UNKNOWN = re.compile(r"unrecognized arguments: (?P<word>-[^\s=]+)")


ALIKE = 0.7
"""The least similarity of options: below it an option of another meaning is offered (--corner, --workers)."""


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
            if choice["argument"] in {None, "COMMAND"} and choice["word"] in OTHER_WORDS:
                return f"{choice['word']!r} is no command\n    → {OTHER_WORDS[choice['word']]}"
            choices = re.findall(r"[^\s,']+", choice["choices"])
            what = "command" if (choice["argument"] or "COMMAND") == "COMMAND" else f"value of {choice['argument']}"
            return f"{choice['word']!r} is no {what}\n    → {nearest(choice['word'], choices)}"
        if unknown is not None:
            return f"{message}\n    → {self._nearest_option(unknown['word'])}"
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

    def _nearest_option(self, word: str) -> str:
        """The nearest option of the command, or its help. The dashes, which all options share, do not count."""
        deepest = self._deepest()
        options = {name.lstrip("-"): name for action in deepest._actions for name in action.option_strings}
        near = difflib.get_close_matches(word.lstrip("-"), options, 1, ALIKE)
        return f"did you mean {options[near[0]]}?" if near else f"see {deepest.prog} --help"

"""Option words are the options and commands of the command line in a message; a way in that has no command line says
them in its own terms.
"""

from __future__ import annotations

import re
from collections.abc import Callable

OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")
COMMAND = re.compile(r"\beda-agent ([a-z]+)\b")


def reworded(text: str, option: Callable[[str], str], command: Callable[[str], str]) -> str:
    """A message with other words for options and commands.

    Args:
        text: of the program, such as "--force replaces it".
        option: name of an option (`post-layout`) → its words.
        command: name of a command (`mc`) → its words, without arguments.
    """
    found = COMMAND.sub(lambda match: command(match[1]), text)
    return OPTION.sub(lambda match: option(match[1]), found)

"""The wording of the server: replies name tools and arguments where the command line names commands and options, and
paths as a client names them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eda_agent.errors import EdaAgentError, Finding, InputError
from eda_agent.option_words import reworded
from eda_agent.server.confined import Root

TOOL_OF = {
    "init": "init",
    "check": "check",
    "sim": "simulate",
    "size": "size",
    "show": "show",
    "report": "report",
    "export": "report",
    "mc": "monte_carlo",
    "sensitivity": "ask (question: sensitivity)",
}
"""Command → tool. Other commands have none: they are of the machine, and are named as they are."""
SWITCHES = frozenset({"force", "memory", "resume", "details"})
"""Arguments that are true or false."""
NAMES = {"port": "ports", "setting": "settings", "from": "target", "deck": "decks"}
"""Option → argument, where the names differ."""
_CODE = re.compile(r"read \S+, then add --allow-code \(or set \w+=1\)")
_NO_CODE = "this server runs no code of a spec: take the measure out, or write it as meas: …"
_DOCS = {"docs/measurements.md": "the tool metrics"}
"""Page of the documentation → the tool that says the same."""
_AS_WRITTEN = frozenset({"reasoning", "sizing", "spec_file"})
"""Keys whose texts are others' words."""


@dataclass(frozen=True)
class Wording:
    """The words of one server.

    Attributes:
        root: its folder.
        arguments: names of the arguments of its tools; other options stay as they are, such as those of pip.
    """

    root: Root
    arguments: Collection[str]

    def said(self, text: str) -> str:
        """A message of the program in the words of the server."""
        text = _CODE.sub(_NO_CODE, text)
        text = reworded(text, self._argument, lambda name: TOOL_OF.get(name, f"eda-agent {name}"))
        for page, tool in _DOCS.items():
            text = text.replace(page, tool)
        return text.replace(f"{self.root.folder}/", "").replace(str(self.root.folder), ".")

    def _argument(self, option: str) -> str:
        name = NAMES.get(option, option.replace("-", "_"))
        if name not in self.arguments:
            return f"--{option}"
        return f"{name}: true" if name in SWITCHES else name

    def error(self, error: EdaAgentError) -> EdaAgentError:
        """An error with its messages in the words of the server."""
        if isinstance(error, InputError):
            return InputError([self._finding(one) for one in error.findings])
        return type(error)(self.said(str(error)))

    def _finding(self, one: Finding) -> Finding:
        file = None if one.file is None else Path(self.root.name(one.file))
        message, where, fix = (self.said(text) for text in (one.message, one.where, one.fix))
        if message.startswith("unknown metric") and "metrics" not in fix:
            fix = f"{fix}; the tool metrics lists all with their meaning"
        return replace(one, message=message, where=where, fix=fix, file=file)

    def data(self, data: Any) -> Any:
        """Data of a reply with its texts in the words of the server; commands become calls of tools."""
        if isinstance(data, str):
            return self.said(data)
        if isinstance(data, Mapping):
            if data.keys() == {"text", "command"}:
                return self._step(data)
            return {key: value if key in _AS_WRITTEN else self.data(value) for key, value in data.items()}
        if isinstance(data, Sequence):
            return [self.data(value) for value in data]
        return data

    def _step(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """A next step (`insight.next_step`) with the call of a tool instead of a command."""
        found = {"text": self.said(step["text"]), "command": None}
        call = call_of([self.said(word) if word.startswith("/") else word for word in step["command"] or ()])
        return {**found, "call": call} if call else found


def call_of(words: Sequence[str]) -> dict[str, Any] | None:
    """The call that does what a command does; None without one."""
    if not words:
        return None
    _, command, *rest = words
    place = next((word for index, word in enumerate(rest) if not word.startswith("--") and not _value(rest, index)), "")
    given = {name[2:].replace("-", "_"): _value(rest, index + 1) for index, name in enumerate(rest) if name[:2] == "--"}
    match command:
        case "mc":
            return _tool("monte_carlo", target=place, samples=int(given["samples"]))
        case "report":
            return _tool("report", run=place)
        case "export":
            return _tool("report", run=place, format="diff" if "diff" in given else "netlist")
        case "sim":
            return _tool("simulate", target=place)
        case "sensitivity":
            return _tool("ask", target=place, question="sensitivity")
        case "size":
            more: dict[str, Any] = {"budget": int(given["budget"])} if "budget" in given else {}
            more |= {"policy": given["policy"]} if "policy" in given else {}
            return _tool("size", target=place, resume=True, **more)
    return None


_VALUED = frozenset({"--samples", "--budget", "--policy"})


def _value(words: Sequence[str], place: int) -> str:
    """The word at a place if it is the value of the option before it, else ""."""
    return words[place] if 0 < place < len(words) and words[place - 1] in _VALUED else ""


def _tool(name: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": name, "arguments": arguments}

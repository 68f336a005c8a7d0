"""A command is one line of a script, compiled into one step: a mapping with `do` and what it needs.

Commands that write a file or draw are skipped; what could reach anything but the circuit is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from eda_agent.problem.script.formula import Macros, parse, parse_list
from eda_agent.problem.script.measure_line import read_measure
from eda_agent.problem.script.vocabulary import ANALYSES, IGNORED_VARIABLES, MODELS, OPTIONS, SETTINGS, SKIPPED
from eda_agent.problem.script.words import ScriptError, Word, plain, split, word_of

Step = dict[str, Any]
_NAME = re.compile(r"(?:[a-z]\w*\.)?[a-z_][\w.#]*")
_REDIRECT = re.compile(r"\s*>{1,2}\s*(?:&\s*)?(?:\"[^\"]*\"|\S+)\s*$")


def read_command(text: str, macros: dict[str, tuple[tuple[str, ...], str]]) -> Step | None:
    """The step of one command; None for a skipped one. `macros` receives functions that the script defines.

    Raises `ScriptError`.
    """
    name, _, rest = text.strip().partition(" ")
    name, rest = name.lower(), rest.strip()
    if name in SKIPPED | MODELS or name.startswith("."):
        # ngspice knows no cards in a script either
        return None
    if name in ANALYSES:
        return {"do": "analysis", "kind": name, "words": _words(rest)}
    if name == "define":
        _define(rest, macros)
        return {"do": "nothing"}
    if name not in _READERS:
        raise ScriptError(
            f"the command {name!r} is not supported", "remove it, or put what it needs into the deck itself"
        )
    return _READERS[name](rest, macros)


def _words(text: str) -> list[Word]:
    return [word_of(word.lower()) for word in split(text)]


def _let(rest: str, macros: Macros) -> Step:
    # quotes around a formula are the shell's, not part of it
    name, equals, formula = rest.replace("'", "").partition("=")
    index = re.fullmatch(r"\s*([^\[]+)((?:\[[^\]]*\])+)\s*", name)
    target = (index[1] if index else name).strip().lower()
    if not equals or not _NAME.fullmatch(target):
        raise ScriptError("let needs  NAME = FORMULA")
    places = [parse(one, macros) for one in re.findall(r"\[([^\]]*)\]", index[2])] if index else []
    if len(places) > 1:
        raise ScriptError("vectors of several dimensions are not supported", "use one index")
    return {"do": "let", "name": target, "index": places[0] if places else None, "tree": parse(formula, macros)}


def _print(rest: str, macros: Macros) -> Step:
    text = _REDIRECT.sub("", f" {rest}").strip()
    text = re.sub(r"^(?:col|line)\s+", "", text, flags=re.IGNORECASE)
    if text.lower() == "all":
        return {"do": "print_all"}
    return {"do": "print", "formulas": [[one.lower(), tree] for one, tree in parse_list(text, macros)]}


def _echo(rest: str, macros: Macros) -> Step:
    del macros
    text = re.sub(r"[\"']", "", _REDIRECT.sub("", f" {rest}"))
    words = [word_of(word) for word in text.split()]
    values = [part for word in words for part in word if isinstance(part, list) and part[0] == "$&"]
    return {"do": "echo", "words": words, "values": [[part[1], parse(part[1])] for part in values]}


def _meas(rest: str, macros: Macros) -> Step:
    return {"do": "measure", "measure": read_measure(rest, macros)}


def _alter(command: str) -> Callable[[str, Macros], Step]:
    def read(rest: str, macros: Macros) -> Step:
        head, equals, value = _value_of(rest)
        if not head:
            raise ScriptError(f"{command} needs what it changes, and a value")
        if not equals and command != "alter":
            raise ScriptError(f"{command} needs  NAME = VALUE")
        target = _words(head)
        value = value.strip()
        if value.startswith("["):
            inner = value.strip("[]").split()
            return {
                "do": "alter",
                "command": command,
                "target": target,
                "list": [word_of(one.lower()) for one in inner],
            }
        bare = value.strip("'\"{}")
        return {"do": "alter", "command": command, "target": target, "tree": parse(bare, macros)}

    return read


def _value_of(rest: str) -> tuple[str, bool, str]:
    """(what is altered, whether with an equals sign, the value)."""
    outside = re.sub(r"\[[^\]]*\]", lambda found: "_" * len(found[0]), rest)
    place = outside.find("=")
    if place >= 0:
        return rest[:place].strip(), True, rest[place + 1 :]
    list_at = rest.find("[", rest.find("]") + 1 if rest.startswith("@") else 0)
    if list_at > 0:
        return rest[:list_at].strip(), False, rest[list_at:]
    head, _, value = rest.rpartition(" ")
    return head.strip(), False, value


def _set(rest: str, macros: Macros) -> Step:
    del macros
    found = re.fullmatch(r"([a-zA-Z_]\w*)(?:\s*=\s*(.*))?", rest)
    if not found:
        raise ScriptError("set needs  NAME = VALUE")
    name, value = found[1].lower(), found[2]
    if name == "units":
        return {"do": "units", "degrees": (value or "").strip().lower().startswith("deg")}
    if name in OPTIONS | SETTINGS:
        return {"do": "option", "name": name, "value": word_of((value or "").strip().lower()), "set": True}
    if name in IGNORED_VARIABLES:
        return {"do": "nothing"}
    text = (value or "true").strip()
    if text.startswith("("):
        return {"do": "set", "name": name, "list": [word_of(word) for word in split(text.strip("() "))]}
    words = split(text)
    return {"do": "set", "name": name, "list": [word_of(words[0] if words else "")]}


def _option(rest: str, macros: Macros) -> Step:
    del macros
    found = re.fullmatch(r"(\w+)(?:\s*=\s*(\S+))?", rest)
    if found and found[1].lower() in IGNORED_VARIABLES:
        return {"do": "nothing"}
    if not found or found[1].lower() not in OPTIONS:
        raise ScriptError(f"option {rest!r} is not allowed", f"one of {', '.join(sorted(OPTIONS))}")
    return {"do": "option", "name": found[1].lower(), "value": word_of((found[2] or "").lower()), "set": False}


def _names(do: str, at_least: int = 1) -> Callable[[str, Macros], Step]:
    def read(rest: str, macros: Macros) -> Step:
        del macros
        words = _words(rest)
        if len(words) < at_least:
            raise ScriptError(f"{do} needs a name")
        return {"do": do, "words": words}

    return read


def _simple(do: str) -> Callable[[str, Macros], Step]:
    return lambda rest, macros: {"do": do}


def _run(rest: str, macros: Macros) -> Step:
    del macros, rest
    # a name behind `run` is a file to write: it is not written
    return {"do": "run"}


def _save(rest: str, macros: Macros) -> Step:
    del macros
    return {"do": "save", "words": _words(rest)}


def _define(rest: str, macros: dict[str, tuple[tuple[str, ...], str]]) -> None:
    found = re.fullmatch(r"([a-zA-Z_]\w*)\s*\(([^()]*)\)\s*=?\s*(.+)", rest)
    if not found:
        raise ScriptError("define needs  NAME(ARGUMENT, …) FORMULA")
    arguments = tuple(argument.strip().lower() for argument in found[2].split(","))
    body = found[3].strip().lower()
    parse(body, macros)
    macros[found[1].lower()] = (arguments, body)


def _unset(rest: str, macros: Macros) -> Step:
    del macros
    names = [plain(word) or "" for word in _words(rest)]
    return {"do": "unset", "names": names}


_READERS: Mapping[str, Callable[[str, Macros], Step]] = {
    "let": _let,
    "print": _print,
    "echo": _echo,
    "meas": _meas,
    "measure": _meas,
    "alter": _alter("alter"),
    "altermod": _alter("altermod"),
    "alterparam": _alter("alterparam"),
    "set": _set,
    "unset": _unset,
    "unlet": _names("unlet"),
    "option": _option,
    "options": _option,
    "setplot": _names("setplot", 0),
    "setscale": _names("setscale", 0),
    "destroy": _names("destroy", 0),
    "linearize": _names("linearize", 0),
    "fft": _names("fft"),
    "fourier": _names("fourier", 2),
    "four": _names("fourier", 2),
    "save": _save,
    "reset": _simple("reset"),
    "run": _run,
    "quit": _simple("stop"),
    "exit": _simple("stop"),
    "break": _simple("break"),
    "continue": _simple("continue"),
}

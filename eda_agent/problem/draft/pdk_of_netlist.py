"""The PDK of a netlist is the one whose devices it names most, or whose library it includes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.draft.guessed_pdk import guessed_pdk
from eda_agent.problem.draft.missing import brings_models, models_of
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.model_libraries import pdk_in
from eda_agent.problem.pdk import Pdk, find_pdk


def user_pdk_file(pdk: str, folder: Path) -> Path | None:
    """The user's own PDK file: beside the netlist, or relative to the current folder; None for a PDK's name."""
    if not pdk.endswith((".yaml", ".yml")):
        return None
    return next((place.resolve() for place in (folder / pdk, Path(pdk)) if place.is_file()), Path(pdk))


def pdk_of(text: str, known: Sequence[Pdk], path: Path) -> tuple[Pdk, str]:
    """(the PDK of a netlist, "" or why it is a guess). Raises `InputError` if the netlist does not tell it."""
    lines = logical_lines(text, path, title=True)
    words = {word for line in lines if line.card != ".model" for word in line.text.lower().split()}
    counts = {entry.name: sum(device in words for device in entry.devices) for entry in known}
    best = max(counts, key=lambda name: counts[name])
    chosen = next(entry for entry in known if entry.name == best)
    plain = counts[best] and not chosen.subcircuits
    if plain and {device for device in chosen.devices if device in words} <= models_of(text, path.parent):
        # cards of the netlist's own have these names
        return find_pdk("own"), ""
    if plain and not brings_models(text, path.parent) and (guess := guessed_pdk(lines, text, known)) and guess.measured:
        # nmos and pmos name a polarity, and no process
        return guess.pdk, guess.why
    if counts[best]:
        return chosen, ""
    if family := pdk_in(text) or _family_of(words):
        return next(entry for entry in known if entry.name == family), ""
    if not brings_models(text, path.parent) and (guess := guessed_pdk(lines, text, known)):
        return guess.pdk, guess.why
    if any(line.card in {".model", ".include", ".inc"} for line in lines):
        return find_pdk("own"), ""
    own = {line.text.split()[1].lower() for line in lines if line.card == ".subckt" and len(line.text.split()) > 1}
    texts = (re.sub(r"\s*=\s*", "=", line.text) for line in lines)
    called = dict.fromkeys(word for text in texts if (word := _model_of(text.split())) and word.lower() not in own)
    read = f": it names {', '.join(list(called)[:6])}" if called else ""
    if not called and not any(line.card[:1] in set("mqj") for line in lines):
        fix = "give the file with the circuit: a .subckt with transistors, and its models or a PDK's"
        raise InputError(Finding("there is no circuit to size: the file has no transistor", path, fix=fix))
    what = f"the netlist has no device of a known PDK and no .model card{read}"
    raise InputError(Finding(what, path, fix=f"--pdk {' or '.join(counts)}, or a PDK file of your own"))


_FAMILIES = {"sky130A": "sky130_", "gf180mcuD": "gf180mcu_", "ihp-sg13g2": "sg13g2_"}
"""PDK → what the names of its standard cells begin with."""


def _family_of(words: Collection[str]) -> str:
    """The PDK whose standard cells a netlist names, "" if it names those of none or of several."""
    found = [name for name, begin in _FAMILIES.items() if any(word.startswith(begin) for word in words)]
    return found[0] if len(found) == 1 else ""


def _model_of(words: Sequence[str]) -> str:
    """The model or cell on the line of a MOSFET or a call, "" on other lines."""
    plain = [word for word in words if "=" not in word]
    kind = plain[0][:1].lower() if plain else ""
    if kind == "m":
        return plain[5] if len(plain) > 5 else ""
    return plain[-1] if kind == "x" and len(plain) > 1 else ""

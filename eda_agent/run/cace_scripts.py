"""A script of a CACE datasheet is a program; with the user's consent a testbench of the draft calls it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.cace import CaceDeck, CaceParameter, Datasheet
from eda_agent.problem.load_measures import ALLOW


def without_scripts(sheet: Datasheet) -> Datasheet:
    """The datasheet; without the user's consent its parameters with a script are left out, and that is said. Raises
    `InputError` if none is left.
    """
    scripted = [one for one in sheet.parameters if one.script is not None]
    if not scripted or os.environ.get(ALLOW) == "1":
        return sheet
    rest = tuple(one for one in sheet.parameters if one.script is None)
    files = ", ".join(dict.fromkeys(one.script.name for one in scripted if one.script is not None))
    fix = f"read {files}, then add --allow-code (or set {ALLOW}=1)"
    if not rest:
        raise InputError(Finding("every parameter of the datasheet is computed by a script", sheet.path, fix=fix))
    said = [f"{one.name}: its script {one.script.name} is code and is not run; {fix}" for one in scripted if one.script]
    return replace(sheet, parameters=rest, left_out=(*sheet.left_out, *said))


def with_scripts(
    text: str,
    parameters: Sequence[CaceParameter],
    decks: Mapping[str, CaceDeck],
    benches: Mapping[str, str],
    folder: Path,
) -> str:
    """The text of a spec whose testbenches call the scripts.

    Args:
        text: the spec, with one line for each testbench.
        parameters: of the datasheet.
        decks: parameter → its deck.
        benches: parameter → its testbench.
        folder: of the spec.
    """
    for parameter in parameters:
        if parameter.script is None:
            continue
        fixed = {
            name: one.typical for name, one in parameter.conditions.items() if name not in decks[parameter.name].used
        }
        script = {
            "file": os.path.relpath(parameter.script, folder),
            "inputs": dict(decks[parameter.name].results),
            "results": [name.lower() for name in parameter.script_variables],
            **({"conditions": fixed} if fixed else {}),
            **({"root": os.path.relpath(parameter.root, folder)} if parameter.root is not None else {}),
        }
        # JSON in one line is YAML
        line = re.compile(rf"^(  {re.escape(benches[parameter.name])}: \{{deck: .*)\}}(\s*(?:#.*)?)$", re.MULTILINE)
        if found := line.search(text):
            text = f"{text[: found.end(1)]}, script: {json.dumps(script)}}}{text[found.start(2) :]}"
    return text

"""Loading of a designer's script, which computes further results of a deck.

    testbenches:
      ac: {deck: ac.spice, script: {file: ../scripts/ac.py, inputs: {gain: gain}, results: [gain_db]}}

Its function `postprocess(results, conditions)` receives lists of numbers by variable, and the conditions by name. It is
a program: it runs only with the user's consent (`--allow-code`, or EDA_AGENT_ALLOW_CODE=1).
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from eda_agent.errors import Finding
from eda_agent.problem.load_measures import ALLOW
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.own_script import SECONDS, OwnScript

KEYS = ("file", "inputs", "results", "conditions", "root")


def load_script(
    node: LocatedNode, folder: Path, known: Collection[str], supply: str, notes: list[Finding]
) -> OwnScript | None:
    """The script of a testbench; None after findings.

    Args:
        node: the value of `script:`.
        folder: of the spec.
        known: the deck's results.
        supply: the condition that is the supply.
        notes: receives the notice that a program runs.
    """
    values = node.mapping("a script")
    node.only(*KEYS)
    if "file" not in values or "results" not in values:
        node.wrong("a script has a file and results", "script: {file: ac.py, inputs: {gain: gain}, results: [gain_db]}")
        return None
    path = (folder / values["file"].text("file")).resolve()
    if not path.is_file():
        values["file"].wrong("the script does not exist", "a file with  def postprocess(results, conditions): …")
        return None
    inputs = values["inputs"].mapping("inputs") if "inputs" in values else {}
    names = {variable: child.text("a result of the deck").lower() for variable, child in inputs.items()}
    for variable, child in inputs.items():
        if names[variable] not in known:
            child.wrong(f"the deck has no result {names[variable]!r}", f"it gives {', '.join(sorted(known)) or 'none'}")
            return None
    if os.environ.get(ALLOW) != "1":
        values["file"].wrong(
            "this testbench runs a program that the spec names",
            f"read {path.name}, then add --allow-code (or set {ALLOW}=1)",
        )
        return None
    conditions = {
        name: _number_or_word(child.text("a condition"))
        for name, child in (values["conditions"].mapping("conditions") if "conditions" in values else {}).items()
    }
    results = tuple(one.text("a result").lower() for one in values["results"].items("results"))
    root = (folder / values["root"].text("root")).resolve() if "root" in values else None
    notes.append(
        values["file"].noted(
            f"{path.name} runs with your rights, outside the sandbox, in a process of its own for at most {SECONDS:g} s"
            " a call; what it writes beside its working folder's tree is lost"
        )
    )
    return OwnScript(path, names, results, conditions, supply, root)


def _number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text

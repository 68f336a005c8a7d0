"""Dependence of results: an intermediate is a result of a script that another result is computed from, such as the two
times of a delay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from eda_agent.problem.script.compiler import Program, all_steps

_WORD = re.compile(r"[a-z_]\w*", re.IGNORECASE)


def intermediates(program: Program) -> frozenset[str]:
    """The results that a `.meas` or `meas` line, a `let` or a printed formula uses."""
    found: set[str] = set()
    for line in program.measures:
        found |= used_by(line)
    for step in all_steps(program.steps):
        if step["do"] == "measure":
            found |= used_by(step["measure"])
        elif step["do"] == "let":
            found |= set(names_in(step["tree"])) - {step["name"]}
        elif step["do"] == "print":
            # a name alone is only shown
            found |= {name for _, tree in step["formulas"] if tree[0] != "vector" for name in names_in(tree)}
    # `v(out)` is a waveform, also if the script prints one of its values
    return frozenset(name for name in found if _WORD.fullmatch(name)) & program.results.keys()


def used_by(line: Mapping[str, Any]) -> set[str]:
    """The names in a measure line."""
    if line["kind"] == "param":
        return set(_WORD.findall(line["text"].lower())) - {line["name"]}
    return set(names_in([part for key, part in line.items() if key not in {"analysis", "name", "kind"}]))


def names_in(part: Any) -> Iterator[str]:
    """The names in the formulas of a part of a program (see `formula`)."""
    if isinstance(part, list) and len(part) == 2 and part[0] == "vector":
        yield from (word.lower() for word in part[1] if isinstance(word, str))
    elif isinstance(part, (list, Mapping)):
        inside: Iterable[Any] = part.values() if isinstance(part, Mapping) else part
        for one in inside:
            yield from names_in(one)

"""A shortened program gives some of a program's results, and its dc sweeps end behind the last place that these read.

A sweep goes from point to point: the points before its end are the same to the last bit. A program with a loop, a
condition or a plot by its name is not shortened, and a result that may read any point keeps its sweep whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from eda_agent.problem.script.commands import Step
from eda_agent.problem.script.compiler import Program, result_name
from eda_agent.problem.script.dependence import names_in, used_by
from eda_agent.problem.script.words import plain, word_of
from eda_agent.spice_numbers import parse_spice_number, spice_number

WANTED = "wanted"
"""Key of a program's shortened steps and measures, beside its own."""
_BEHIND = 2
"""Steps of a sweep behind the last place that is read."""
_STRAIGHT = frozenset(["analysis", "measure", "let", "print", "echo", "alter", "option", "save", "units", "nothing"])
_READING = frozenset(["let", "print", "echo", "alter", "option"])
_OVER = frozenset(["min", "max", "pp", "avg", "min_at", "max_at"])
_POINTWISE = frozenset(["mag", "magnitude", "real", "re", "imag", "im", "abs"])
"""Functions of each point for itself that have a value for every number."""


def shortened(program: Program, wanted: Collection[str]) -> dict[str, Any] | None:
    """The `steps` and `measures` that give the wanted results.

    Args:
        program: a deck's script.
        wanted: names of results.

    Returns:
        both parts of a program as a worker receives it, or None if no sweep becomes shorter.
    """
    if any(step["do"] not in _STRAIGHT or _refers(step) for step in program.steps) or _refers(program.measures):
        return None
    gives = [(line["name"], used_by(line)) for line in program.measures]
    gives += [pair for step in program.steps for pair in _gives(step)]
    always = {name for step in program.steps if step["do"] in {"alter", "option"} for name in names_in(step)}
    if any(_of_plot(name) for given, used in gives for name in (given, *used)):
        return None
    needed = {result_name(name) for name in (*wanted, *always)}
    while more := {result_name(one) for name, used in gives if result_name(name) in needed for one in used} - needed:
        needed |= more
    measures = [line for line in program.measures if result_name(line["name"]) in needed]
    steps = [part for step in program.steps if (part := _part(step, needed)) is not None]
    result = []
    for place, step in enumerate(steps):
        later = steps[place + 1 :]
        end = next((number for number, one in enumerate(later) if one["do"] == "analysis"), len(later))
        result.append(_until_read(step, measures, later[:end]))
    return {"steps": result, "measures": measures} if result != steps else None


def _refers(part: Any) -> bool:
    """Whether a word has a variable, or the value of a vector (see `words`)."""
    if isinstance(part, Mapping):
        # an echo is read by its formulas
        return any(_refers(value) for key, value in part.items() if not (key == "words" and part.get("do") == "echo"))
    if isinstance(part, (list, tuple)):
        return (len(part) > 1 and part[0] in ("$", "$&")) or any(map(_refers, part))
    return False


def _gives(step: Step) -> Iterator[tuple[str, set[str]]]:
    """The results of a step with the names that it uses for each."""
    match step["do"]:
        case "measure":
            yield step["measure"]["name"], used_by(step["measure"])
        case "let":
            yield step["name"], {*names_in(step["tree"]), *names_in(step["index"])}
        case "print":
            yield from ((text, set(names_in(tree))) for text, tree in step["formulas"])
        case "echo":
            yield from ((name, set(names_in(tree))) for name, tree in step["values"])


def _of_plot(name: str) -> bool:
    """Whether a name may be that of a vector of another plot, such as `dc1.out`."""
    head, dot, _ = name.partition(".")
    return bool(dot) and head.isalnum()


def _part(step: Step, needed: Collection[str]) -> Step | None:
    """A step without what is not needed, None if nothing is left."""
    match step["do"]:
        case "measure" | "let":
            return step if any(result_name(name) in needed for name, _ in _gives(step)) else None
        case "print" | "echo":
            key = "formulas" if step["do"] == "print" else "values"
            pairs = [pair for pair in step[key] if result_name(pair[0]) in needed]
            return {**step, key: pairs} if pairs else None
        case _:
            return step


def _until_read(step: Step, measures: Sequence[Mapping[str, Any]], readers: Sequence[Step]) -> Step:
    """A dc sweep that ends behind the last place that its `.meas` lines and the next steps read; any other step as it
    is.
    """
    words = [plain(word) for word in step["words"]] if step["do"] == "analysis" and step["kind"] == "dc" else []
    numbers = [parse_spice_number(word or "") for word in words[1:]]
    if len(numbers) != 3 or None in numbers:
        return step
    start, stop, by = (number for number in numbers if number is not None)
    if by <= 0:
        return step
    read = [line for line in measures if line["analysis"] == "dc" and line["kind"] != "param"]
    scalars: set[str] = set()
    for reader in readers:
        if reader["do"] == "measure":
            read.append(reader["measure"])
            scalars.add(reader["measure"]["name"])
        elif reader["do"] in _READING and not {*names_in(reader)} <= scalars:
            return step
        elif reader["do"] == "let":
            scalars.add(reader["name"])
    ends = [_end(line) for line in read]
    if not ends or None in ends:
        return step
    last = max(end for end in ends if end is not None)
    if last < start or last + _BEHIND * by >= stop:
        return step
    return {**step, "words": [*step["words"][:2], word_of(spice_number(last + _BEHIND * by)), step["words"][3]]}


def _end(line: Mapping[str, Any]) -> float | None:
    """The last place of the axis that a measure line reads; None if it may be any."""
    clause = line.get("clause", {})
    if not _pointwise((line.get("of") or {}).get("tree", ["none"])):
        return None
    if line["kind"] == "find":
        places = [clause.get("at")]
    elif line["kind"] in _OVER and clause.keys() == {"from", "to"}:
        places = [clause["from"], clause["to"]]
    else:
        return None
    known = [float(place) for place in places if isinstance(place, (int, float))]
    return max(known) if len(known) == len(places) else None


def _pointwise(tree: Sequence[Any]) -> bool:
    """Whether a formula takes each point for itself, and has a value at each."""
    match tree[0]:
        case "number":
            return True
        case "vector":
            # a parameter of a device is that of the last point
            return not any(part.startswith("@") for part in tree[1])
        case "unary":
            return bool(tree[1] == "-" and _pointwise(tree[2]))
        case "binary":
            return tree[1] in {"+", "-", "*"} and _pointwise(tree[2]) and _pointwise(tree[3])
        case "call":
            return tree[1] in _POINTWISE and _pointwise(tree[2])
        case _:
            return False

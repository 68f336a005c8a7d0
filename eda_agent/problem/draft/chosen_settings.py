"""Chosen settings are settings of testbenches that the user gives (`--setting load_current=10m`)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from eda_agent.errors import Finding, InputError
from eda_agent.problem import expression
from eda_agent.problem.draft.benches import Bench
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.load_testbench import read_template
from eda_agent.units import QuantityError, parse_quantity

OPTION = "--setting"


def settings_for(bench: Bench, given: Mapping[str, str]) -> dict[str, str]:
    """The given settings that a testbench has."""
    known = read_template(bench.template)["settings"]
    return {name: text for name, text in given.items() if name in known}


def given_levels(kind: str, given: Mapping[str, str]) -> dict[str, float]:
    """Metric → value that a given setting names: the frequency of an oscillator without a control."""
    try:
        return {"oscillation_frequency": parse_quantity(given["frequency"], "Hz")} if kind == "oscillator" else {}
    except (KeyError, QuantityError):
        return {}


def check_settings(benches: Sequence[Bench], given: Mapping[str, str], kind: str | None, said: bool) -> None:
    """Raise `InputError` for a setting that no testbench of the draft has, or a value of another unit.

    Args:
        benches: of the draft.
        given: setting → text.
        kind: name of the circuit's kind, "" for an unknown one, None for a designer's own deck.
        said: whether the user named the kind.
    """
    known = {
        name: entry["unit"] for bench in benches for name, entry in read_template(bench.template)["settings"].items()
    }
    faults = []
    for name, text in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            whose = f": they are those of {_a(kind)}" if kind else ""
            if kind == "":
                whose = ": the kind of the circuit is unknown"
            fix = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}" if known else ""
            if kind is None:
                fix = "a designer's own deck says it itself"
            elif not said:
                fix = "; ".join(filter(None, (fix, f"--kind names {'another' if kind else 'the'} kind")))
            faults.append(Finding(f"the testbenches have no setting {name[:40]!r}{whose}", where=OPTION, fix=fix))
        elif not _readable(text, known[name], {"vdd", "temperature", *known}):
            faults.append(Finding(f"{name}={text[:40]} is no number in {known[name] or 'plain units'}", where=OPTION))
    if faults:
        raise InputError(faults)


def _a(kind: str) -> str:
    return f"{'an' if kind[0].lower() in 'aeio' or kind.startswith('SRAM') else 'a'} {kind}"


def _readable(text: str, unit: str, names: set[str]) -> bool:
    """Whether a text is a quantity, or an expression over the supply and other settings."""
    try:
        parse_quantity(text, unit)
    except QuantityError:
        try:
            found = expression.names(expression.parse(text))
        except ExpressionError:
            return False
        return bool(found) and found <= names
    return True

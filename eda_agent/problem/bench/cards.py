"""The cards of a bench for the simulator: what a corner decides is in braces, what only shows or draws is left out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from eda_agent.errors import Finding
from eda_agent.problem import expression
from eda_agent.problem.allow_list import IGNORED_CARDS, OPTIONS, SCRIPT_ANALYSES
from eda_agent.problem.deck_numbers import number, numbers
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.line_edit import assignments
from eda_agent.problem.logical_line import Line
from eda_agent.problem.netlist import Netlist
from eda_agent.spice_numbers import parse_spice_number

_RANDOM = re.compile(r"\b(agauss|gauss|aunif|unif|limit)\s*\(", re.IGNORECASE)
_SOURCE = re.compile(r"^(\s*v\S*\s+\S+\s+\S+\s+)(dc\s*=?\s*)?(\{[^}]*\}|'[^']*'|[^\s=(]+)(.*)$", re.IGNORECASE)


@dataclass
class BenchCards:
    """`text`: the cards. `settings`: parameters of the bench as expressions. `saved`: vectors of `.save` lines."""

    text: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    saved: list[str] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


def write_cards(
    lines: Sequence[Line],
    netlist: Netlist,
    given: Mapping[str, str],
    supply: str,
    *,
    analyses: bool,
    changed: Collection[str] = (),
) -> BenchCards:
    """The cards of a bench.

    Args:
        lines: those of the bench.
        netlist: the circuit, whose parameters the bench does not define again.
        given: settings of spec.yaml, name → expression; they replace the bench's parameters.
        supply: the voltage source, or the parameter, that has the corner's vdd; "" for none.
        analyses: whether the analysis cards stay, because the script runs them.
        changed: parameters that a corner changes.
    """
    result = BenchCards()
    inside = found = False
    for line in lines:
        inside = inside or line.card == ".subckt"
        if line.card in {".param", ".params"} and not inside:
            found = _parameters(line, netlist, given, supply, changed, result) or found
        elif line.card in {".option", ".options"}:
            _options(line, result)
        elif line.card in SCRIPT_ANALYSES:
            result.text += [line.text] if analyses else []
        elif line.card == ".save" or line.card == ".probe":
            result.saved += [word.lower() for word in line.text.split()[1:] if word.startswith("@")]
        elif line.card in IGNORED_CARDS or line.card == ".end":
            pass
        elif supply and not inside and line.card == supply.lower():
            found = True
            result.text.append(_supplied(line, result))
        else:
            result.text.append(line.text)
        inside = inside and line.card != ".ends"
    if supply and not found and supply.lower() in netlist.top.params:
        # the circuit's own parameter: defined again behind it, and ngspice takes the last
        result.text.append(f".param {supply.lower()}={{vdd}}")
        found = True
    if supply and not found:
        result.errors.append(
            Finding(
                f"the deck has no source and no parameter {supply!r} for the supply", lines[0].file if lines else None
            )
        )
    return result


def _supplied(line: Line, result: BenchCards) -> str:
    """The line of the supply's source with the corner's voltage as its DC value."""
    found = _SOURCE.match(line.text)
    if found is None:
        result.errors.append(line.finding("the supply's source has no DC value", "write  Vdd vdd 0 1.8"))
        return line.text
    # only `.param` lines are filled: everything else stays as the designer wrote it
    result.text.append(f".param {_SUPPLY}={{vdd}}")
    return f"{found[1]}{found[2] or ''}{{{_SUPPLY}}}{found[4]}"


_SUPPLY = "eda_agent_vdd"
"""Parameter with the corner's supply, where the deck has a number."""


def _parameters(
    line: Line,
    netlist: Netlist,
    given: Mapping[str, str],
    supply: str,
    changed: Collection[str],
    result: BenchCards,
) -> bool:
    """Write the parameters of one line; whether the supply is among them."""
    is_supply = False
    for name, text in assignments(line.text).items():
        if name == supply.lower():
            is_supply = True
            result.text.append(f".param {name}={{vdd}}")
            if name != "vdd":
                result.settings[name] = "vdd"
        elif name in given:
            result.settings[name] = given[name]
            result.text.append(f".param {name}={{{name}}}")
        elif name == "temperature" or name == "vdd":
            result.errors.append(
                line.finding(f"{name} belongs to the corners", f"write  supply: {name}  in the testbench, or rename it")
            )
        elif name in netlist.top.params:
            continue
        elif _is_setting(text, result.settings):
            result.settings[name] = expression.strip_quotes(text)
            # one that is computed from others follows them, also if the script alters them
            own = name not in changed and parse_spice_number(expression.strip_quotes(text)) is None
            result.text.append(f".param {name}={text}" if own else f".param {name}={{{name}}}")
        else:
            result.text.append(f".param {name}={text}")
    return is_supply


def _is_setting(text: str, known: Collection[str]) -> bool:
    try:
        return expression.names(expression.parse(text)) <= {*known, "vdd", "temperature"} and not _RANDOM.search(text)
    except ExpressionError:
        return False


def _options(line: Line, result: BenchCards) -> None:
    """Keep the options that change results; the temperature is the corner's."""
    words = re.sub(r"\s*=\s*", "=", line.text).split()[1:]
    kept = [word for word in words if word.split("=")[0].lower() in OPTIONS]
    left = [word for word in words if word not in kept and word.split("=")[0].lower() not in {"temp", *_SILENT}]
    if kept:
        result.text.append(f".option {' '.join(kept)}")
    if left:
        result.notes.append(line.finding(f"option {', '.join(left)} is left out: it is not known to be safe"))


_SILENT = frozenset(
    ["acct", "noacct", "list", "nomod", "nopage", "node", "brief", "post", "ingold", "numdgt", "probe", "filetype"]
)
"""Options that only change what is printed."""


def supply_of(lines: Sequence[Line], net: str, known: Mapping[str, str] | None = None) -> tuple[str, float | None]:
    """(the source or the parameter that sets the supply, its volts), ("", None) if none drives the net.

    Args:
        lines: those of the bench.
        net: the net of the circuit's positive supply.
        known: parameters of the circuit, name → text, which the bench uses too.
    """
    params: dict[str, str] = dict(known or {})
    for line in lines:
        if line.card in {".param", ".params"}:
            params.update(assignments(line.text))
    for line in lines:
        words = line.text.split()
        if not line.card.startswith("v") or len(words) < 4 or words[1].lower() != net.lower():
            continue
        found = _SOURCE.match(line.text)
        value = expression.strip_quotes(found[3]) if found else ""
        plain = parse_spice_number(value)
        if plain is not None:
            # a source at 0 V is swept or ramped by the deck itself
            return (words[0].lower(), plain) if plain > 0 else ("", None)
        if value.lower() in (volts := numbers(params)):
            return value.lower(), volts[value.lower()]
        if found and (computed := number(value, volts)) is not None and computed > 0:
            return words[0].lower(), computed
    return "", None

"""A shadow is a name that is defined twice, of which ngspice silently uses one.

    a deck's `.param`    is a setting of its testbench; a parameter of the circuit keeps the value of the circuit or the
    sizing
    two definitions      of a model, function or subcircuit are refused, because ngspice uses the first or the last
    depending on the kind
    `.temp`, `.lib`      of a deck or netlist are not used: corners decide, and a different value is a note

Findings are errors or notes; a note says which definition is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from eda_agent.errors import Finding
from eda_agent.problem import expression
from eda_agent.problem.allow_list import IGNORED_CARDS
from eda_agent.problem.expression import FUNCTIONS, ExpressionError
from eda_agent.problem.line_edit import Edit, assignments
from eda_agent.problem.logical_line import Line
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.spec import Corner
from eda_agent.spice_numbers import parse_spice_number

CORNER = ("vdd", "temperature")
"""Settings of every corner."""
_RANDOM = frozenset(["agauss", "gauss", "aunif", "unif", "limit"])
"""Functions with a new random value each time: such a value is not evaluated."""
_DEFINITIONS = {".model": "model", ".subckt": "subcircuit", ".func": "function"}


@dataclass
class DeckText:
    """A deck's lines for the simulator (`cards`), and its `.param`s as settings: name → expression."""

    cards: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    errors: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


def read_deck(
    lines: Iterable[Line],
    netlist: Netlist,
    sized: Collection[str],
    settings: Mapping[str, str],
    given: Collection[str],
    corners: Sequence[Corner],
) -> DeckText:
    """The text of a user's deck around the circuit of `netlist`.

    `sized`: the circuit's top parameters that spec.yaml sizes. `settings`: the testbench's present settings, of which
    `given` are those that spec.yaml sets.
    """
    result = DeckText()
    taken = frozenset(given) | {name for corner in corners for name in corner.settings}
    inside = False
    for line in lines:
        inside = inside or line.card == ".subckt"
        if line.card in {".param", ".params"} and not inside:
            _parameters(line, netlist, sized, settings, given, taken, result)
        elif line.card not in IGNORED_CARDS:
            result.cards.append(line.text)
        inside = inside and line.card != ".ends"
    result.notes += _temperatures(lines, corners)
    result.errors += _twice([*netlist.lines, *lines])
    return result


def _parameters(
    line: Line,
    netlist: Netlist,
    sized: Collection[str],
    settings: Mapping[str, str],
    given: Collection[str],
    taken: Collection[str],
    result: DeckText,
) -> None:
    """Assign the `.param`s of one line to the settings, to ngspice, or to neither."""
    kept = {}
    for name, text in assignments(line.text).items():
        if name in CORNER:
            result.errors.append(
                line.finding(
                    f"{name} belongs to the corners", f"remove {name} here and give it under corners: in spec.yaml"
                )
            )
        elif name in netlist.top.params:
            _of_the_circuit(name, text, line, netlist, sized, result)
        elif _is_setting(text, {*settings, *result.settings, *CORNER}):
            if name in given and not _same(settings[name], text):
                result.notes.append(line.finding(f"{name} is {settings[name]} in spec.yaml, which is used instead"))
            result.settings[name] = settings[name] if name in given else expression.strip_quotes(text)
            # for uses outside braces
            result.cards.append(f".param {name}={{{name}}}")
        elif name in settings or name in taken:
            result.errors.append(
                line.finding(f"{name} is a setting, but this is not arithmetic over settings", "write a number")
            )
        else:
            kept[name] = text
    if kept:
        result.cards.append(".param " + " ".join(f"{name}={text}" for name, text in kept.items()))


def _of_the_circuit(
    name: str, text: str, line: Line, netlist: Netlist, sized: Collection[str], result: DeckText
) -> None:
    if name in sized:
        result.notes.append(line.finding(f"{name} is sized: the deck's {text} is not used"))
    elif not _same(netlist.top.params[name], text):
        fix = "give the value in one of the two files"
        result.errors.append(
            line.finding(f"the circuit has {name} = {netlist.top.params[name]}, but the deck sets it to {text}", fix)
        )


def _is_setting(text: str, known: Collection[str]) -> bool:
    try:
        node = expression.parse(text)
    except ExpressionError:
        return False
    return expression.names(node) <= set(known) and not _calls(node) & _RANDOM


def _calls(node: expression.Node) -> frozenset[str]:
    if not isinstance(node, expression.Call):
        return frozenset()
    return frozenset([node.function]).union(*(_calls(argument) for argument in node.arguments))


def _same(one: str, other: str) -> bool:
    try:
        return expression.parse(one) == expression.parse(other)
    except ExpressionError:
        return one.strip() == other.strip()


def netlist_shadows(
    netlist: Netlist,
    devices: Collection[str],
    left_out: Iterable[Line],
    corners: Sequence[Corner],
    sections: Mapping[str, Sequence[str]],
) -> tuple[list[Finding], list[Finding]]:
    """(errors, notes) of the circuit itself.

    `devices`: names of the PDK's, called as subcircuits. `left_out`: `.lib` lines of the PDK's library. `sections`:
    process → its sections.
    """
    errors = _twice(netlist.lines)
    for name in sorted(devices & netlist.subcircuits.keys()):
        scope = netlist.subcircuits[name]
        if scope.line is not None:
            errors.append(
                scope.line.finding(
                    f"{name} is a device of the PDK, and ngspice would use the PDK's",
                    "remove or rename this subcircuit",
                )
            )
    notes = _temperatures(netlist.lines, corners)
    for line in left_out:
        section = line.text.split()[-1].strip("\"'")
        if not any(section in sections.get(corner.process, ()) for corner in corners):
            processes = ", ".join(dict.fromkeys(corner.process for corner in corners))
            notes.append(
                line.finding(
                    f"this section of the library is not used: the corners of spec.yaml have process {processes}"
                )
            )
    return errors, notes


def hidden_sizes(netlist: Netlist, sized: Collection[Edit]) -> list[Finding]:
    """Notes on cells with a local parameter that has the name of a sized outer parameter, if no call passes it on."""
    names = {edit.attribute: edit for edit in sized if not edit.device}
    result = []
    for scope in (netlist.top, *netlist.subcircuits.values()):
        for call in scope.devices:
            inner = netlist.subcircuits.get(call.value.lower()) if call.kind == "x" else None
            if inner is None or inner.line is None:
                continue
            for name, edit in names.items():
                own = inner.params.get(name) or inner.defaults.get(name)
                if own is not None and edit.scope != inner.name and name not in call.params:
                    result.append(
                        inner.line.finding(
                            f"{inner.name} has its own {name}, {own}, as {call.name} calls it: the sized value does not"
                            " reach it"
                        )
                    )
    return list(dict.fromkeys(result))


def _temperatures(lines: Iterable[Line], corners: Sequence[Corner]) -> list[Finding]:
    result = []
    for line in lines:
        words = line.text.split()
        if (
            line.card == ".temp"
            and len(words) > 1
            and all(parse_spice_number(words[1]) != corner.temperature for corner in corners)
        ):
            shown = ", ".join(dict.fromkeys(f"{corner.temperature:g}" for corner in corners))
            result.append(line.finding(f"this temperature is not used: the corners of spec.yaml have {shown} °C"))
    return result


def _twice(lines: Iterable[Line]) -> list[Finding]:
    """Models, functions and subcircuits of one scope that are defined again with other content."""
    result: list[Finding] = []
    first: dict[tuple[str, str, str], Line] = {}
    inside = ""
    for line in lines:
        words = line.text.replace("(", " ( ").split()
        if line.card in _DEFINITIONS and len(words) > 1:
            kind, name = _DEFINITIONS[line.card], words[1].lower()
            if kind == "function" and name in FUNCTIONS:
                result.append(line.finding(f"{name} is a function of ngspice", f"rename it, for example {name}_"))
            earlier = first.setdefault((inside, kind, name), line)
            if earlier is not line and (kind == "subcircuit" or earlier.text.split() != line.text.split()):
                where = f"{earlier.file.name}:{earlier.number}"
                result.append(
                    line.finding(
                        f"{kind} {name} is already defined in {where}, and ngspice uses only one of them", "keep one"
                    )
                )
        if line.card == ".subckt" and len(words) > 1:
            inside = words[1].lower()
        elif line.card == ".ends":
            inside = ""
    return result

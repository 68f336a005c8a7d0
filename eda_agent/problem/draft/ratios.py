"""A ratio ties a place of the netlist to the parameter of its partner, if a matched pair has two parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.size_places import initial_value


@dataclass
class Ratios:
    """`of`: following place → (leading place, ratio of the two values)."""

    of: dict[Edit, tuple[Edit, float]] = field(default_factory=dict)

    def leader(self, edit: Edit) -> tuple[Edit, float]:
        """The place that a place finally follows, and the ratio; itself and 1 if it follows none."""
        ratio = 1.0
        while edit in self.of:
            edit, step = self.of[edit]
            ratio *= step
        return edit, ratio


def tied(netlist: Netlist, subckt: str, groups: Iterable[tuple[list[str], str]]) -> Ratios:
    """The ratios that keep groups of devices equal: (names, attribute) each, if they are equal in the netlist.

    A group is tied if parameters size it: devices that are all written as numbers follow by `match` alone.
    """
    result = Ratios()
    for names, attribute in groups:
        sources = [
            (Edit(subckt, name, attribute), _source(netlist, subckt, name, attribute))
            for name in names
            if "." not in name
        ]
        lead = next((source for _, source in sources if source is not None), None)
        if lead is None:
            continue
        for place, source in sources:
            follower = source or (place if netlist.value_text(place) is not None else None)
            if follower is None or follower == lead or _is_made(netlist, place, source):
                continue
            mine, top = result.leader(follower)[0], result.leader(lead)[0]
            if mine == top:
                continue
            values = [initial_value(edit, netlist, subckt) for edit in (mine, top)]
            if values[0] is not None and values[1]:
                result.of[mine] = (top, values[0] / values[1])
    return result


def _is_made(netlist: Netlist, place: Edit, source: Edit | None) -> bool:
    """Whether a place is an expression that no single parameter leads."""
    text = netlist.value_text(place)
    return source is None and text is not None and bool(_names(text))


def _source(netlist: Netlist, subckt: str, device: str, attribute: str) -> Edit | None:
    """The single parameter to which a device's attribute is proportional, or None."""
    text = netlist.value_text(Edit(subckt, device, attribute))
    names = _names(text or "")
    scope = netlist.subcircuits[subckt]
    seen: set[str] = set()
    share = 1.0
    while len(names) == 1:
        (name,) = names
        share_here = _share(text or "", name)
        owner = subckt if name in scope.params or name in scope.defaults else ""
        inner = netlist.value_text(Edit(owner, "", name))
        if name in seen or inner is None or share_here is None:
            return None
        seen.add(name)
        share *= share_here
        if not _names(inner):
            return Edit(owner, "", name)
        text, names = inner, _names(inner)
    return None


def _share(text: str, name: str) -> float | None:
    """k if the text is k times the parameter, else None."""
    try:
        node = expression.parse(text)
        one, two = (expression.evaluate(node, {name: value}) for value in (1.0, 2.0))
    except ExpressionError:
        return None
    return one if one > 0 and math.isclose(two, 2 * one) else None


def _names(text: str) -> frozenset[str]:
    try:
        return expression.names(expression.parse(text))
    except ExpressionError:
        return frozenset()


def written(
    ratios: Ratios, names: Mapping[Edit, str], spelled: Mapping[Edit, str], word: Callable[[str], str]
) -> list[str]:
    """The entries of `ratios:` in a spec. `names`: place → parameter of the spec. `spelled`: spelling of a place
    there. `word` quotes a text that YAML would misread, such as `M1[0].w`.
    """
    rows = []
    for edit in ratios.of:
        leader, ratio = ratios.leader(edit)
        if leader in names:
            rows.append(f"{word(spelled[edit])}: {{of: {word(names[leader])}, ratio: {ratio:.12g}}}")
    return rows

"""A figure of merit of AMS-SizingBench is the product of its metrics over their targets, those to be small below the
line; a deck computes it at the end of its script.

The suite replaces any expression in a file's `metric_post` by this product ("FoM Definition" in its README.md), which
is 1 or more if every target is met. Only a file without other targets keeps its own expression.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

_PREFIX = "shown_"
_ZERO = 1e-10
"""The suite leaves a target of zero out."""
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}


def product(targets: Iterable[tuple[str, str, str]]) -> str:
    """The product as an expression of Python; "" without a target.

    Args:
        targets: (metric, sign, value in the unit in which the suite shows the metric).
    """
    above, below = [], []
    for metric, sign, value in targets:
        wanted = float(value)
        if metric.lower() == "fom" or abs(wanted) < _ZERO:
            continue
        if sign.startswith(">"):
            above.append(f"{metric}/{abs(wanted)!r}")
        elif wanted < 0:
            above.append(f"abs({metric})/{abs(wanted)!r}")
        else:
            below.append(f"({metric}/{wanted!r})")
    return "/".join([" * ".join(above) or "1.0", *below]) if above or below else ""


def with_figure(deck: str, targets: Iterable[tuple[str, str, str]], post: Mapping[str, Any], remarks: list[str]) -> str:
    """A deck with `let fom = …` at the end of its script.

    Args:
        deck: the testbench.
        targets: as in `product`.
        post: metric → scale, unit and expression, as in the file's `metric_post`.
        remarks: receives why there is no figure of merit.
    """
    text = product(targets) or (post.get("fom") or {}).get("expr")
    if not text:
        return deck
    try:
        tree = ast.parse(str(text), mode="eval").body
        formula = _formula(tree, {name: float((one or {}).get("scale", 1) or 1) for name, one in post.items()})
    except (SyntaxError, ValueError, RecursionError) as error:
        remarks.append(f"no figure of merit: {error}")
        return deck
    names = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {"abs", "max", "min"})
    for name in names:
        # a variable outlives the plot in which the metric was computed
        keep = rf"\g<0>\n\g<indent>set {_PREFIX}{name} = $&{name}"
        place = rf"^(?P<indent>[ \t]*)(?:let[ \t]+{name}[ \t]*=|meas(?:ure)?[ \t]+\w+[ \t]+{name}[ \t]).*$"
        deck, count = re.subn(place, keep, deck, flags=re.MULTILINE | re.IGNORECASE)
        if not count:
            remarks.append(f"no figure of merit: {name} is not computed in the script")
            return deck
    ends = list(re.finditer(r"^[ \t]*(?:quit|exit)\b.*$", deck, re.MULTILINE)) or list(
        re.finditer(r"^[ \t]*\.endc\b.*$", deck, re.MULTILINE | re.IGNORECASE)
    )
    if not ends:
        remarks.append("no figure of merit: the deck has no script")
        return deck
    end = ends[-1].start()
    return f"{deck[:end]}let fom = {formula}\nprint fom\n{deck[end:]}"


def _formula(node: ast.AST, scales: Mapping[str, float]) -> str:
    """A Python expression as a formula of ngspice. Raises `ValueError` for anything but arithmetic."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return f"{float(value):g}"
        case ast.Name(id=name):
            return "($" + f"{_PREFIX}{name}*{scales.get(name, 1.0):g})"
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return f"(-{_formula(inner, scales)})"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return f"({_formula(left, scales)}{_OPERATORS[type(op)]}{_formula(right, scales)})"
        case ast.Call(func=ast.Name(id="abs"), args=[inner], keywords=[]):
            return f"abs({_formula(inner, scales)})"
        case ast.Call(func=ast.Name(id="max" | "min" as which), args=[left, right], keywords=[]):
            one, two = _formula(left, scales), _formula(right, scales)
            return f"(({one}+{two}{'+' if which == 'max' else '-'}abs({one}-{two}))/2)"
    raise ValueError(f"its expression has {ast.unparse(node)[:40]}")

"""A failing sizing is one that cannot be simulated or measured: why, in words for the dock and the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .wording import printable, score


def failures(evaluation: Mapping[str, Any]) -> str:
    """The first simulation that failed, with its reason, and how many did; "" if none did."""
    found = evaluation.get("failures") or []
    if not found:
        return ""
    testbench, corner, kind, words = (str(word) for word in found[0])
    count, jobs = len(found), evaluation.get("jobs") or 0
    more = f" ({count} of {jobs} simulations fail)" if jobs >= count > 1 else ""
    return f"{testbench} in {corner}: {printable(words) or kind}{more}"


def own_sizes(result: Mapping[str, Any]) -> str:
    """What `eda-agent sim SPEC --json` says about the netlist's own sizes."""
    specs = result["specs"]
    missing = [(name, row) for name, row in specs.items() if row.get("value") is None]
    why = failures(result)
    if not why and missing:
        name, row = missing[0]
        why = f"{name} in {row.get('corner') or 'every corner'}: {printable(str(row.get('why') or 'it has no value'))}"
    if specs and len(missing) == len(specs):
        return f"The netlist's own sizes cannot be simulated: {why}"
    met = sum(bool(row.get("met")) for row in specs.values())
    words = f"At the netlist's own sizes: score {score(result['score'])}, {met} of {len(specs)} specs met"
    return f"{words}. Without a value: {why}" if why else words

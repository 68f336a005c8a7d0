"""The corner choice of a screen: the corners of a run in the order in which a designer looks at them."""

from __future__ import annotations

from eda_agent.tui.shown import Shown


def corner_order(shown: Shown, first: str = "") -> list[str]:
    """`first` (by default the run's first corner), then the corners in which the shown turn's specs are worst, the
    least margin first, then the others.
    """
    corners = list(shown.state.started.get("corners", ()))
    results = [one for one in (shown.turn or {}).get("specs", {}).values() if one["corner"] in corners]
    results.sort(key=lambda one: one["margin"] if one["margin"] is not None else float("-inf"))
    wanted = [first or corners[0], *(one["corner"] for one in results)] if corners else []
    return list(dict.fromkeys([*wanted, *corners]))

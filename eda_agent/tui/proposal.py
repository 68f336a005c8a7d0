"""The proposal panel shows the proposal that waits for the user's decision, with its changes."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from eda_agent.record.fold import RunState
from eda_agent.tui.view import position, printable
from eda_agent.units import counted, format_quantity

SHOWN = 8
"""Changed sizes that are shown, the largest changes first."""


def deciding(state: RunState) -> bool:
    """Whether a proposal waits for the user's decision."""
    return bool(state.review and state.pending and not state.paused and not state.finished)


def changes(state: RunState) -> list[str]:
    """Each change of the waiting proposal against the best, `W12 4 um → 8 um`, the largest in its range first."""
    proposed, best = state.pending[0].get("sizing") or {}, state.best.get("sizing") or {}
    moved = [
        entry
        for entry in state.started.get("parameters", ())
        if {entry["name"]} <= proposed.keys() & best.keys() and proposed[entry["name"]] != best[entry["name"]]
    ]
    moved.sort(key=lambda entry: -abs(position(entry, proposed[entry["name"]]) - position(entry, best[entry["name"]])))
    return [
        f"{entry['name']} {format_quantity(best[entry['name']], entry['unit'])} →"
        f" {format_quantity(proposed[entry['name']], entry['unit'])}"
        for entry in moved
    ]


class ProposalPanel(Static):
    """Visible while a proposal waits."""

    DEFAULT_CSS = """
    ProposalPanel { display: none; height: auto; max-height: 8; border: round $accent; padding: 0 1; }
    """

    def show(self, state: RunState) -> None:
        self.display = deciding(state)
        if not self.display:
            return
        waiting, moved = state.pending[0], changes(state)
        by = waiting.get("policy") or state.policy.get("name") or state.started.get("policy", "")
        self.border_title = f"proposal for turn {waiting['index']} by {by} · a accept, r reject, e edit"
        text = Text(f"against the best, turn {state.best.get('index', 0)}: ", "dim")
        text.append("   ".join(moved[:SHOWN]) or ("nothing changes" if waiting.get("sizing") else "no sizes"), "bold")
        if len(moved) > SHOWN:
            text.append(f"   and {counted(len(moved) - SHOWN, 'more size')}", "dim")
        said = printable(str(waiting.get("error") or waiting.get("reasoning") or ""))
        self.update(text.append(f"\n{said}" if said else "", "none"))

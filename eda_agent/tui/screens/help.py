"""The help screen lists the keys."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from eda_agent.tui.screens.detail import Detail

HELP = {
    "pause": "pause and continue",
    "stop": "stop and keep the best",
    "review": "review every proposal before it is simulated",
    "accept": "accept the waiting proposal",
    "reject": "reject it, with a reason for the policy",
    "edit": "change it, then play it",
    "try": "simulate your own sizes",
    "hint": "send a hint to the policy",
    "target": "change the target of the spec under the cursor",
    "lock": "lock the size under the cursor at the best's value, or unlock it",
    "narrow": "narrow the range of the size under the cursor",
    "branch": "return to the turn under the cursor and branch there",
    "undo": "undo your last change",
    "policy": "switch to another policy",
    "points": "operating points, violations first",
    "front": "trade-off of two specs, and conflicts",
    "more": "more simulations, or fewer",
    "export": "write netlist, report, tables, schematic or layout",
    "diff": "the netlist before and after",
    "circuit": "the circuit's branches between its rails, with sizes",
    "waves": "waveforms of the shown turn",
    "sensitivity": "which size moves which spec around it",
    "monte_carlo": "its spread under mismatch, and the yield",
    "failures": "failed simulations",
    "runs": "other runs",
    "copy": "copy specs and sizes of the best as text",
    "copy_json": "its sizes as JSON",
    "copy_netlist": "the sized netlist",
    "below_turns": "turns",
    "below_sizes": "sizes",
    "below_curve": "the curve (in a narrow terminal one of the three is below the specs)",
    "follow": "show the best again",
    "help": "this page",
    "quit": "close; the run continues without the app",
}
"""Id of a binding → action of its key."""


KEYS = {"question_mark": "?", "plus": "+"}
"""Textual's name of a key → what is on it."""


class HelpScreen(Detail):
    """Every key, with what it does."""

    heading = "keys"

    def __init__(self, bindings: Sequence[Binding]):
        super().__init__()
        self.bindings = bindings

    def body(self) -> ComposeResult:
        lines = [
            f"  {KEYS.get(binding.key, binding.key):<6} {HELP.get(str(binding.id), binding.description)}"
            for binding in self.bindings
        ]
        more = [
            "",
            "  enter  on a turn: its details; on a spec: its target; on a size: try a value",
            "  tab    from table to table",
            "  ctrl+p  command palette: themes and everything above",
        ]
        with VerticalScroll(classes="detail"):
            yield Static(Text("\n".join([*lines, *more])))

"""A key of the app: what it does, under which group of the help it stands, and whether the key bar shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True)
class Key:
    """`id` is the name in the user's settings, `label` the word in the key bar, `help` the sentence in the help and in
    the command palette.
    """

    id: str
    key: str
    action: str
    label: str
    help: str
    shown: bool = True

    @property
    def binding(self) -> Binding:
        return Binding(self.key, self.action, self.label, show=self.shown, id=self.id)

    @property
    def written(self) -> str:
        """The key as it is on the keyboard."""
        return {"question_mark": "?", "plus": "+", "slash": "/"}.get(self.key, self.key)


GROUPS: dict[str, Sequence[Key]] = {
    "The run": (
        Key("pause", "p", "control('pause')", "pause", "pause and continue, also a run that has ended"),
        Key("stop", "s", "control('stop')", "stop", "stop and keep the best"),
        Key("more", "plus", "control('more')", "budget", "more simulations, or fewer", shown=False),
        Key("policy", "x", "control('policy')", "policy", "switch to another policy", shown=False),
    ),
    "Proposals": (
        Key("review", "v", "control('review')", "review", "review every proposal before it is simulated"),
        Key("accept", "a", "control('accept')", "accept", "accept the waiting proposal", shown=False),
        Key("reject", "r", "control('reject')", "reject", "reject it, with a reason for the policy", shown=False),
        Key("edit", "e", "control('edit')", "edit proposal", "change it, then simulate it", shown=False),
        Key("try", "t", "control('try_sizing')", "try", "simulate your own sizes"),
        Key("hint", "h", "control('hint')", "hint", "send a hint to the policy", shown=False),
    ),
    "Specs and sizes": (
        Key("target", "g", "control('target')", "target", "change the target of the spec under the cursor"),
        Key(
            "lock",
            "l",
            "control('lock')",
            "lock",
            "lock the size under the cursor at its best value, or unlock it",
        ),
        Key("narrow", "n", "control('narrow')", "range", "narrow the range of the size under the cursor", shown=False),
        Key("undo", "u", "control('undo')", "undo", "undo your last change", shown=False),
    ),
    "History": (
        Key("branch", "b", "control('branch')", "back", "return to the turn under the cursor and branch there"),
        Key("history", "B", "open('history')", "branches", "the history as a tree of branches", shown=False),
        Key("follow", "i", "follow", "best", "show the best again", shown=False),
        Key("runs", "c", "runs", "runs", "other runs"),
    ),
    "The circuit": (
        Key("points", "o", "open('points')", "points", "operating points, violations first"),
        Key("waves", "w", "open('waves')", "waves", "waveforms of the shown turn: Bode plots, noise, transients"),
        Key("circuit", "k", "open('circuit')", "circuit", "the circuit's branches between its rails, with sizes"),
        Key("front", "f", "open('front')", "front", "trade-off of two specs, and conflicts"),
        Key("sensitivity", "z", "open('sensitivity')", "sensitivity", "which size moves which spec", shown=False),
        Key("monte_carlo", "m", "open('monte_carlo')", "Monte Carlo", "spread under mismatch, and yield", shown=False),
        Key("failures", "j", "open('failures')", "notes", "notes of the run, and failed simulations", shown=False),
    ),
    "Files": (
        Key("export", "E", "open('export')", "export", "write netlist, report, tables, schematic or layout"),
        Key("diff", "d", "open('diff')", "diff", "the netlist before and after"),
        Key("copy", "y", "copy('text')", "copy", "copy specs and sizes of the best as text", shown=False),
        Key("copy_json", "Y", "copy('json')", "copy as JSON", "copy the sizes of the best as JSON", shown=False),
        Key("copy_netlist", "ctrl+y", "copy('netlist')", "copy the netlist", "copy the sized netlist", shown=False),
    ),
    "The screen": (
        Key("filter", "slash", "filter", "filter", "show only the rows of a table that have a text"),
        Key("below_turns", "1", "below('turns')", "turns", "turns (in a narrow terminal below the specs)", shown=False),
        Key("below_sizes", "2", "below('sizes')", "sizes", "sizes", shown=False),
        Key("below_curve", "3", "below('curve')", "curve", "the best score over the turns", shown=False),
        Key("help", "question_mark", "help", "help", "this page"),
        Key("quit", "q", "quit", "quit", "close the app; the run continues without it"),
    ),
}
"""Group of the help → its keys, in the order of the key bar."""
KEYS = {key.id: key for keys in GROUPS.values() for key in keys}
DECIDING = ("accept", "reject", "edit")
"""The keys that answer a proposal that waits; the key bar shows them first then."""

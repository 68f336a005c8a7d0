"""The turn screen shows one turn in full."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from eda_agent.insight.complete import share_text
from eda_agent.insight.explain import what_moved
from eda_agent.spec_text import moved_texts
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown
from eda_agent.tui.view import SIGNS, Row, printable, rejection, score_text, size_rows, spec_rows
from eda_agent.units import format_quantity, format_score


class TurnScreen(Detail):
    """One turn: the policy's reasoning beside the actual changes."""

    def __init__(self, shown: Shown):
        super().__init__()
        self.state, self.turn = shown.state, shown.turn
        self.heading = f"turn {self.turn['index']}" if self.turn else "no turn yet"

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="detail"):
            yield Static(id="text")

    async def fill(self) -> None:
        self.query_one("#text", Static).update(Text("\n".join(self._lines())))

    def _lines(self) -> list[str]:
        turn = self.turn
        if turn is None:
            return []
        proposal = turn.get("proposal", {})
        share = share_text(turn, self.state.corners)
        reached = f"at most {format_score(turn['score'])}, simulated in {share}" if share else score_text(turn, 0)
        lines = [rejection(turn) or f"score {reached} · proposed by {proposal.get('policy', '?')}", ""]
        if proposal.get("reasoning"):
            lines += [f"said    {printable(proposal['reasoning'])}"]
        lines += [f"        {printable(note)}" for note in proposal.get("notes", ())]
        if proposal.get("error") and not rejection(turn):
            lines += [f"failed  {printable(proposal['error'])}"]
        moves = what_moved(self.state.turns, turn["index"], self.state.started["parameters"], self.state.corners)
        if moves is not None:
            units = {entry["name"]: entry["unit"] for entry in self.state.started["parameters"]}
            lines += ["", f"changed against turn {moves.against}" + ("" if share else f", score {moves.gained:+.4f}")]
            lines += [
                f"  {name:<14} {format_quantity(old, units[name])} → {format_quantity(new, units[name])}"
                for name, (old, new) in moves.sizes.items()
            ]
            if not share:
                moved = moved_texts(moves.results, self.state.started["specs"])
                lines += ["", "results"] + [f"  {name:<22} {text}" for name, text in moved.items()]
        if "specs" in turn:
            lines += ["", "specs in their worst corners", *self._specs(turn)]
            rows = size_rows(self.state, turn)
            lines += ["", "sizes", *[f"  {row.name:<14} {row.value} {row.mark}".rstrip() for row in rows]]
        for testbench, corner, kind, words in turn.get("evaluation", {}).get("failures", ()):
            lines += ["", f"{testbench} in {corner}: {kind}", printable(words)]
        return lines

    def _specs(self, turn: Row) -> list[str]:
        rows = spec_rows(self.state, turn)
        wide = [
            max(len(text) for text in texts) for texts in zip(*[(r.name, r.target, r.worst) for r in rows], strict=True)
        ]
        return [
            f"  {SIGNS[row.verdict]} {row.name:<{wide[0]}}  {row.target:>{wide[1]}}  {row.worst:>{wide[2]}}"
            f"  {row.extremes[3]}".rstrip()
            for row in rows
        ]

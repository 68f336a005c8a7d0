"""Details of a run: a turn in full, operating points, what two specs trade, the netlist's difference, failed simulations, the keys."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.errors import EdaAgentError
from eda_agent.insight.complete import complete_turns, share_text
from eda_agent.insight.drawing import drawing
from eda_agent.insight.explain import what_moved
from eda_agent.insight.front import front
from eda_agent.insight.verdict import judge
from eda_agent.problem.bias import OFF
from eda_agent.record.export import netlist_diff
from eda_agent.record.fold import RunState
from eda_agent.run import problem_of_run
from eda_agent.simulation.operating_point import inversion
from eda_agent.tui.key_bar import KeyBar
from eda_agent.tui.panels import Table, right
from eda_agent.tui.view import printable, turn_of
from eda_agent.units import counted, format_quantity, format_score

if TYPE_CHECKING:
    from eda_agent.tui.app import SizingApp


class Detail(Screen[None]):
    """A screen that Escape leaves; `heading` is its first line. It is there at once, and filled after: what takes longer no key waits for."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "app.pop_screen", "back"), Binding("q", "app.pop_screen", "back", show=False)]
    heading = ""
    filled = False

    def compose(self) -> ComposeResult:
        yield Static(self.heading, classes="detail-title", markup=False)
        yield from self.body()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """What stands below the heading."""
        yield from ()

    def on_mount(self) -> None:
        self.call_after_refresh(self.refill)

    def refill(self) -> None:
        """Put in what takes time, anew."""
        self.run_worker(self._fill(), exclusive=True, group="fill")

    async def _fill(self) -> None:
        await self.fill()
        self.filled = True

    async def fill(self) -> None:
        """Put in what takes time to find out."""


class TurnScreen(Detail):
    """One turn: the policy's words beside what really moved."""

    def __init__(self, state: RunState, index: int | None):
        super().__init__()
        self.state, self.turn = state, turn_of(state, index)
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
        reached = f"at most {format_score(turn['score'])}, simulated in {share}" if share else format_score(turn["score"])
        lines = [f"score {reached} · proposed by {proposal.get('policy', '?')}", ""]
        if proposal.get("reasoning"):
            lines += [f"said    {printable(proposal['reasoning'])}"]
        lines += [f"        {printable(note)}" for note in proposal.get("notes", ())]
        if proposal.get("error"):
            lines += [f"failed  {printable(proposal['error'])}"]
        moves = what_moved(self.state.turns, turn["index"], self.state.started["parameters"], self.state.corners)
        if moves is not None:
            units = {entry["name"]: entry["unit"] for entry in self.state.started["parameters"]}
            lines += ["", f"moved against turn {moves.against}" + ("" if share else f", score {moves.gained:+.4f}")]
            lines += [
                f"  {name:<14} {format_quantity(old, units[name])} → {format_quantity(new, units[name])}"
                for name, (old, new) in moves.sizes.items()
            ]
            if not share:
                lines += ["", "margins"] + [f"  {name:<22} {old:+.3f} → {new:+.3f}" for name, (old, new) in moves.margins.items()]
        for testbench, corner, kind, words in turn.get("evaluation", {}).get("failures", ()):
            lines += ["", f"{testbench} in {corner}: {kind}", printable(words)]
        return lines


class PointsScreen(Detail):
    """Operating points of the shown turn, violations first."""

    def __init__(self, state: RunState, index: int | None):
        super().__init__()
        turn = turn_of(state, index)
        self.points: dict[str, Any] = (turn or {}).get("evaluation", {}).get("operating_points", {})
        corner = (state.started.get("corners") or [""])[0]
        self.heading = f"operating points · turn {turn['index'] if turn else '—'} · {corner}"

    def body(self) -> ComposeResult:
        yield Table(id="points")

    async def fill(self) -> None:
        rows = []
        for name, point in sorted(self.points.items(), key=lambda item: item[1]["margin"] or 0.0):
            off = abs(point["id"] or 0.0) < OFF
            bad = not off and (point["margin"] or 0.0) < 0.0
            rows.append(
                [
                    Text("!" if bad else " ", style="bold yellow"), Text(name), right(format_quantity(point["id"], "A", 3)), right(format_quantity(point["gm"], "S", 3)),
                    right(f"{point['gm_id'] or 0:.1f}"), Text(inversion(point["gm_id"] or 0.0)), right(f"{point['vds'] or 0:.3f}"), right(f"{point['vdsat'] or 0:.3f}"),
                    right(f"{point['margin'] or 0:+.3f}", "yellow" if bad else ""), Text("off" if off else "triode" if bad else "saturation", style="yellow" if bad else ""),
                ]
            )  # fmt: skip
        self.query_one(Table).show(["", "device", "id", "gm", "gm/id", "inversion", "vds", "vdsat", "margin", "region"], rows)
        self.query_one(Table).focus()


class FrontScreen(Detail):
    """What two specs trade against each other, and the verdict on what stands in the way. Left and right choose the pair."""

    BINDINGS: ClassVar[list[BindingType]] = [*Detail.BINDINGS, ("right", "turn(1)", "next pair"), ("left", "turn(-1)", "pair before")]
    heading = "trade-off"

    def __init__(self, state: RunState):
        super().__init__()
        self.state = state
        names = [spec["name"] for spec in state.started.get("specs", ())]
        self.pairs = list(itertools.combinations(names, 2))
        self.place = 0

    def body(self) -> ComposeResult:
        plot = PlotextPlot(id="front")
        plot.display = False
        yield plot
        yield Static(id="verdict")

    async def fill(self) -> None:
        self.draw()
        begun = self.state.started
        findings = await asyncio.to_thread(
            judge, list(self.state.turns), begun.get("specs", ()), begun.get("parameters", ()), self.state.corners
        )
        self.query_one("#verdict", Static).update(Text("\n".join(finding.text for finding in findings)))

    def action_turn(self, by: int) -> None:
        if self.pairs:
            self.place = (self.place + by) % len(self.pairs)
            self.draw()

    def draw(self) -> None:
        widget = self.query_one(PlotextPlot)
        plot = widget.plt
        plot.clear_figure()
        if not self.pairs:
            return
        one, other = self.pairs[self.place]
        whole = complete_turns(self.state.turns, self.state.corners)
        left = sum("specs" in turn for turn in self.state.turns) - len(whole)
        seen = [turn for turn in whole if all(turn["specs"][name]["margin"] is not None for name in (one, other))]
        if seen:
            plot.scatter(
                [turn["specs"][one]["margin"] for turn in seen],
                [turn["specs"][other]["margin"] for turn in seen],
                marker="dot",
                color="gray",
            )
        best = front(self.state.turns, one, other, self.state.corners)
        plot.plot([turn["specs"][one]["margin"] for turn in best], [turn["specs"][other]["margin"] for turn in best], marker="braille")
        plot.vline(0)
        plot.hline(0)
        plot.xlabel(f"margin of {one}")
        plot.ylabel(f"margin of {other}")
        self.query_one(".detail-title", Static).update(
            Text(
                f"trade-off · {one} × {other} · pair {self.place + 1} of {len(self.pairs)} (← →)"
                + (f" · {counted(left, 'turn')} in fewer than {self.state.corners} corners left out" if left else "")
            )
        )
        widget.display = True
        widget.refresh()


class DiffScreen(Detail):
    """The netlist before and after."""

    def __init__(self, state: RunState, folder: Path, index: int | None):
        super().__init__()
        self.heading = "netlist · what changed"
        self.state, self.folder, self.sizing = state, folder, (turn_of(state, index) or {}).get("sizing")

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="detail"):
            yield Static(id="text")

    async def fill(self) -> None:
        self.query_one("#text", Static).update(await asyncio.to_thread(self._text))

    def _text(self) -> Text:
        try:
            asked = problem_of_run(self.folder, self.state)
            lines = netlist_diff(asked.problem, self.sizing or asked.problem.space.initial).splitlines()
        except EdaAgentError as error:
            return Text(str(error))
        text = Text("\n" + "".join(f"! {line}\n" for line in asked.said))
        for line in lines or ["nothing changed"]:
            style = "green" if line.startswith("+") else "red" if line.startswith("-") else "dim" if line.startswith("@") else ""
            text.append(line + "\n", style=style)
        return text


class CircuitScreen(Detail):
    """The circuit's branches between its rails, with the sizes of the shown turn."""

    def __init__(self, state: RunState, folder: Path, index: int | None):
        super().__init__()
        turn = turn_of(state, index)
        self.heading = f"circuit · sizes of turn {turn['index'] if turn else '—'}"
        self.sizing = (turn or {}).get("sizing")
        self.state, self.folder = state, folder

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="detail"):
            yield Static(id="drawing")

    def on_resize(self) -> None:
        self.refill()

    async def fill(self) -> None:
        lines = await asyncio.to_thread(self._lines, self.size.width - 4)
        self.query_one("#drawing", Static).update(Text("\n".join(lines), no_wrap=True))

    def _lines(self, width: int) -> list[str]:
        try:
            asked = problem_of_run(self.folder, self.state)
            drawn = drawing(asked.problem, self.sizing or asked.problem.space.initial, width)
            return [*(f"! {line}" for line in asked.said), *drawn]
        except EdaAgentError as error:
            return [str(error)]


SHOWN = 200
"""Failed simulations that are shown, the last ones."""


class FailureScreen(Detail):
    """Failed simulations with the simulator's words."""

    heading = "failed simulations"

    def __init__(self, state: RunState):
        super().__init__()
        self.text = "\n\n".join(
            f"turn {event.get('index')}: {event.get('testbench')} in {event.get('corner')}: {event.get('kind')}\n{printable(str(event.get('words', '')))}"
            for event in list(state.failures)[: -SHOWN - 1 : -1]
        )

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="detail"):
            yield Static(Text(self.text or "none"))


class HelpScreen(Detail):
    """Every key, with what it does."""

    heading = "keys"

    def __init__(self, app: SizingApp):
        super().__init__()
        self.bindings = [binding for binding in app.BINDINGS if isinstance(binding, Binding)]

    def body(self) -> ComposeResult:
        keys = {"question_mark": "?"}
        lines = [f"  {keys.get(binding.key, binding.key):<6} {HELP.get(binding.action, binding.description)}" for binding in self.bindings]
        more = [
            "",
            "  enter  on a turn: all of it; on a spec: its target; on a size: try a value",
            "  tab    from table to table",
            "  ctrl+p  command palette: themes and everything above",
        ]
        with VerticalScroll(classes="detail"):
            yield Static(Text("\n".join([*lines, *more])))


HELP = {
    "pause": "pause, and go on", "stop": "stop and keep the best", "review": "let every proposal wait for your word", "accept": "accept the proposal that waits",
    "reject": "reject it, with a reason for the policy", "edit": "change it, then play it", "try": "simulate sizes of your own", "hint": "a word for the policy",
    "target": "change the target of the spec under the cursor", "lock": "lock the size under the cursor at the best's value, or free it",
    "narrow": "narrow the range of the size under the cursor", "branch": "go back to the turn under the cursor and branch there", "undo": "undo the last change of yours",
    "policy": "another policy from here on", "points": "operating points, violations first", "front": "what two specs trade, and what stands in the way",
    "more": "more simulations, or fewer", "export": "write netlist, report, tables, schematic or layout", "diff": "the netlist before and after", "circuit": "the circuit's branches between its rails, with sizes", "waves": "waveforms of the shown turn, simulated anew", "sensitivity": "which size moves which spec around it", "monte_carlo": "its spread under mismatch, and the yield", "failures": "failed simulations", "runs": "other runs", "copy('text')": "copy specs and sizes of the best as text", "copy('json')": "its sizes as JSON", "copy('netlist')": "the sized netlist",
    "below('turns')": "turns", "below('sizes')": "sizes", "below('curve')": "the curve (on a narrow screen one of the three stands below the specs)",
    "follow": "show the best again", "help": "this page", "quit": "close; a run goes on without the app",
}  # fmt: skip

"""The sensitivity screen shows what 10 % more of each size does to each spec."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult

from eda_agent.insight.sensitivity import STRONG
from eda_agent.spec_text import effect_text
from eda_agent.tui.screens.simulated import Simulated
from eda_agent.tui.table import Table, right


class SensitivityScreen(Simulated):
    """The change of each spec for 10 % more of each size."""

    title_ = "sensitivity"

    def body(self) -> ComposeResult:
        yield Table(id="sensitivity")

    async def simulate(self) -> None:
        found = await self.ask("sensitivity")
        specs = {spec["name"]: spec for spec in self.state.started["specs"]}
        rows = []
        for name in self.sizing:
            cells = [Text(name)]
            for spec in found["changes"]:
                text = effect_text(specs[spec], found["changes"][spec].get(name), found["values"][spec])
                strong = abs(found["slopes"][spec].get(name) or 0.0) >= STRONG
                cells.append(right(text, "bold" if strong else "dim"))
            rows.append(cells)
        self.query_one(Table).show(["size", *found["changes"]], rows)
        self.query_one(Table).focus()
        self.say(
            f"sensitivity · turn {self.number} · {found['corner']}: change of a spec if a size grows by 10 %; bold"
            " where a tenth of the range moves the margin by 0.05"
        )

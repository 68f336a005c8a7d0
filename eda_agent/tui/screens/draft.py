"""The draft screen drafts a spec from a netlist by `init`, edits and checks it, and starts a run of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static, TextArea

from eda_agent.errors import EdaAgentError
from eda_agent.files import write_text
from eda_agent.tui.cli_subprocess import run_program
from eda_agent.tui.key_bar import KeyBar
from eda_agent.units import counted


class DraftScreen(Screen[None]):
    """`netlist`: a netlist, or an existing spec.yaml. `begin` is called with the spec once it is valid."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "check", "save and check", priority=True),
        Binding("f5", "start", "start the run", priority=True),
        Binding("ctrl+q", "app.quit", "quit", priority=True),
    ]

    def __init__(self, netlist: Path, begin: Callable[[Path], None]):
        super().__init__()
        self.netlist, self.begin = netlist, begin
        self.spec = netlist if netlist.suffix in {".yaml", ".yml"} else netlist.parent / "spec.yaml"
        self.said = ""

    def compose(self) -> ComposeResult:
        yield Static(f"draft · {self.spec}", classes="detail-title", markup=False)
        with Horizontal():
            yield TextArea("", language=None, show_line_numbers=True, id="spec")
            with VerticalScroll(id="said"):
                yield Static("", id="findings")
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()
        self.run_worker(self._draft(), exclusive=True)

    def say(self, text: str) -> None:
        self.said = text
        self.query_one("#findings", Static).update(Text(text))

    async def _draft(self) -> None:
        try:
            if self.spec.exists():
                self.say("this spec existed already: edit it, F5 starts the run")
            else:
                self.say("recognising the circuit, simulating it once …")
                self.say(problems_text(await run_program("init", self.netlist, {})))
            self.query_one(TextArea).load_text(self.spec.read_text(encoding="utf-8"))
        except (EdaAgentError, OSError, UnicodeDecodeError) as error:
            self.say(str(error))

    async def _check(self) -> bool:
        try:
            write_text(self.spec, self.query_one(TextArea).text)
            found = await run_program("check", self.spec, {})
        except (EdaAgentError, OSError) as error:
            self.say(str(error))
            return False
        sizes = {
            "parameter": found["parameters"],
            "spec": len(found["specs"]),
            "corner": len(found["corners"]),
            "MOSFET": found["devices"],
        }
        self.say(f"✓ {', '.join(counted(size, noun) for noun, size in sizes.items())}\nF5 starts the run")
        return True

    def action_check(self) -> None:
        self.run_worker(self._check(), exclusive=True)

    def action_start(self) -> None:
        async def start() -> None:
            if await self._check():
                self.begin(self.spec)
                self.dismiss()

        self.run_worker(start(), exclusive=True)


def problems_text(found: Mapping[str, Any]) -> str:
    """The recognised circuit and the uncertain decisions."""
    roles: dict[str, list[str]] = {}
    for name, role in found["roles"].items():
        roles.setdefault(role, []).append(name)
    lines = [f"{found['subckt']}: {found['kind'] or 'unknown kind of circuit'}, {found['pdk']}", ""]
    lines += [f"{role}: {' '.join(names)}" for role, names in roles.items()]
    for heading, key in (("changed", "changed"), ("noticed", "noticed"), ("could not tell", "doubts")):
        lines += ["", *[f"! {heading}: {entry}" for entry in found.get(key, [])]] if found.get(key) else []
    return "\n".join(lines)

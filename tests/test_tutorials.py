"""Every tutorial is followed to its end, which is a design that meets every spec: a shell's commands, an app's keys,
Python's examples.
"""

from __future__ import annotations

import asyncio
import contextlib
import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

import eda_agent as ea
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.screens.draft import DraftScreen
from eda_agent.tui.screens.export import ExportScreen

from .conftest import ROOT
from .tui.flow import until

pytestmark = pytest.mark.slow


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def blocks(text: str, kind: str = "") -> list[str]:
    """The code blocks of this kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def follow(text: str, folder: Path) -> dict[str, str]:
    """Run the commands of a page; what each said, by its name."""
    said = {}
    # a block of another kind ends with the fence that a block without kind begins with
    plain = re.sub(r"^```\w+\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    for line in "".join(blocks(plain)).splitlines():
        command = line.removeprefix("eda-agent ").split()
        done = subprocess.run(
            [sys.executable, "-m", "eda_agent", *command],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        # samples that miss a spec are an outcome of Monte Carlo, not an error
        assert done.returncode == 0 or (command[0] == "mc" and done.returncode == 1), (command, done.stderr)
        said[command[0]] = done.stdout + done.stderr
        if command[0] == "init" and (targets := blocks(text, "yaml")):
            spec = folder / "spec.yaml"
            drafted = spec.read_text(encoding="utf-8")
            spec.write_text(re.sub(r"(?ms)^specs:\n.*?(?=^\S)", targets[0], drafted), encoding="utf-8")
    return said


def test_an_own_deck_with_sky130(tmp_path: Path) -> None:
    text = page("tutorial-deck.md")
    (tmp_path / "tb.spice").write_text(blocks(text, "spice")[0])
    said = follow(text, tmp_path)
    assert list(said) == ["init", "size", "show", "report", "export"]
    assert blocks(text, "text")[0] in said["init"]
    assert "✓ met" in said["size"] and "re-simulated in 17 corners: met" in said["size"]
    sized = (tmp_path / "sized.spice").read_text()
    before, after = (re.findall(r"XM1 .* W=(\S+)", deck) for deck in (blocks(text, "spice")[0], sized))
    assert before == ["4"] and after != before and "let phase_margin" in sized


def test_the_command_line_with_sky130(tmp_path: Path) -> None:
    text = page("tutorial.md")
    (tmp_path / "ota.spice").write_text(blocks(text, "spice")[0])
    said = follow(text, tmp_path)
    assert list(said) == ["init", "check", "size", "show", "sensitivity", "front", "mc", "report", "export"]
    assert "✓ met" in said["size"] and "re-simulated in 17 corners: met" in said["size"]
    assert all(heading in said["show"].splitlines()[3] for heading in ("min", "typ", "max", "worst in"))
    assert (tmp_path / "run" / "report.html").stat().st_size > 20_000


def test_klayout_with_the_demonstration_process(tmp_path: Path) -> None:
    text = page("tutorial-klayout.md")
    (tmp_path / "ota.spice").write_text(blocks(text, "spice")[0])
    said = follow(text, tmp_path)
    assert "✓ met" in said["size"]
    assert "LVS: the 6 transistors agree" in said["export"] and (tmp_path / "ota.gds").stat().st_size > 2_000
    # the entries of the menu are those of the plugin; tests/klayout/test_flow.py goes through them in KLayout
    plugin = (ROOT / "plugins" / "klayout" / "python" / "eda_agent_klayout" / "plugin.py").read_text()
    entries = [entry for entry in re.findall(r"\*([A-Z][^*]+)\*", text) if "…" in entry or "Undo" in entry]
    assert len(entries) == 4 and all(f'"{entry}"' in plugin for entry in entries)


def test_python_with_ihp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from .simulation import test_cut_ihp  # noqa: F401  # skips where the models or their compiler are missing

    text = page("tutorial-python.md")
    (tmp_path / "ota.spice").write_text(blocks(text, "spice")[0])
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(text, {"ea": ea}, "tutorial-python.md", None, 0)
    said: list[str] = []
    assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)
    assert len(test.examples) > 8


@pytest.mark.evidence
def test_the_terminal_app_with_gf180(tmp_path: Path) -> None:
    """The keys of the page, in their order; each is answered as the page says."""
    keys = [key.replace("/", "slash") for key in re.findall(r"^\| `([^`]+)` \|", page("tutorial-app.md"), re.MULTILINE)]
    (tmp_path / "ota.spice").write_text(blocks(page("tutorial-app.md"), "spice")[0])
    folder = tmp_path / "runs" / "first"
    app = SizingApp(JournalFeed(folder / "journal.jsonl"), folder, None, draft=tmp_path / "ota.spice")
    specs = app.specs

    def title(screen: str) -> bool:
        return any(screen in str(widget.content) for widget in app.screen.query(".detail-title"))

    def met() -> bool:
        return "every spec met" in str(app.bar.content) and not app._alive

    wanted = [
        ("f5", met),
        ("o", lambda: title("operating points")),
        ("escape", lambda: app.screen is app.screen_stack[0]),
        ("w", lambda: title("loop gain")),
        ("escape", lambda: app.screen is app.screen_stack[0]),
        ("slash", lambda: app.typing),
        ("enter", lambda: not app.typing and specs.selected == 5),
        ("g", lambda: getattr(app.screen, "question", "") == "Target of slew_rate_up"),
        ("enter", lambda: app.state.paused and app._alive),
        ("p", met),
        ("E", lambda: isinstance(app.screen, ExportScreen)),
        ("enter", lambda: isinstance(app.screen, ExportScreen) and app.screen.written.get(0) == "✓"),
        ("escape", lambda: app.screen is app.screen_stack[0]),
        ("q", lambda: not app.is_running),
    ]
    assert keys == [key for key, _ in wanted]

    async def play() -> None:
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: isinstance(app.screen, DraftScreen) and "input pair" in app.screen.said)
            for key, condition in wanted:
                if key == "slash":
                    specs.query_one("#spec-table").focus()
                await pilot.press(key, *("slew" if key == "slash" else ""))
                await until(pilot, condition, 120.0)

    with contextlib.chdir(tmp_path):
        asyncio.run(play())
    assert fold(read_journal(folder / "journal.jsonl")).best["met"] and (folder / "sized.spice").exists()

"""A run that cannot begin leaves no empty dock, and one whose budget is spent asks for more simulations."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import CIRCUITS
from tests.klayout import test_application
from tests.klayout.test_application import display, drive, home

__all__ = ["display", "home"]
pytestmark = test_application.pytestmark


def test_a_broken_spec_leaves_no_dock(display: str, home: Path, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("name: [bad\n")
    (row,) = drive(
        """
        entries = lambda: [one for one in window.menu().items("view_menu.eda_agent") if window.menu().is_valid(one)]
        def begin():
            before = len(entries())
            tool.size(os.path.join(os.getcwd(), "spec.yaml"))
            between = len(entries()), len(tool.docks)
            def look():
                if not said or tool.docks:
                    return
                timer.stop()
                say(said=said[:], entries=[before, between[0], len(entries())], docks=[between[1], len(tool.docks)])
                leave()
            timer = after(50, look, True)
        after(500, begin)
        """,
        display, home, tmp_path,
    )  # fmt: skip
    assert "spec.yaml:2: not valid YAML" in row["said"][0][1] and len(row["said"]) == 1
    assert row["docks"] == [1, 0] and row["entries"][2] == row["entries"][0] == row["entries"][1] - 1


def test_a_spent_budget_is_resumed_with_more(display: str, home: Path, tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "miller")
    spec = tmp_path / "miller" / "spec.yaml"
    text = spec.read_text()
    assert "minimum: 30M" in text and "simulations: 200" in text
    spec.write_text(text.replace("minimum: 30M", "minimum: 20G").replace("simulations: 200", "simulations: 3"))
    (row,) = drive(
        """
        asked = []
        def answer(title, label, value):
            asked.append([title, label, value])
            return "4"
        pya.InputDialog.ask_string = answer
        def begin():
            dock = tool.size(os.path.join(os.getcwd(), "miller", "spec.yaml"))
            def ended():
                if dock.runner.alive or not dock.runner.run.finished:
                    return
                first.stop()
                dock.resume()
                def again():
                    if dock.runner.alive:
                        return
                    second.stop()
                    say(asked=asked, status=dock.status, said=said[:])
                    leave()
                second = after(50, again, True)
            first = after(50, ended, True)
        after(500, begin)
        """,
        display, home, tmp_path,
    )  # fmt: skip
    assert row["asked"] == [["Resume", "The budget of 3 simulations is spent. How many more simulations?", "3"]]
    assert row["status"].endswith("7/7 simulations") and "budget spent" in row["status"]

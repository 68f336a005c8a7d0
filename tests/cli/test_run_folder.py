"""The folder of a run has the same name from every front: runs/NAME-POLICY-TIME."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import eda_agent.run.process
from eda_agent.cli.main import main
from eda_agent.run.folder import default_folder
from eda_agent.tui.app import SizingApp


@pytest.mark.parametrize(
    ("file", "text", "words", "name"),
    [
        ("spec.yaml", "name: amp\n", [], "amp-auto"),
        ("spec.yaml", "name: amp\n", ["--policy", "trust"], "amp-trust"),
        ("spec.yaml", "circuit: x.spice\n", [], "my_work-auto"),
        ("spec.yaml", "name: ../up\n", [], "my_work-auto"),
        ("spec.yaml", "name: [\n", [], "my_work-auto"),
        ("x.spice", "* nothing\n", [], "my_work-auto"),
    ],
)
def test_the_app_names_a_run_as_size_does(
    file: str, text: str, words: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my work").mkdir()
    monkeypatch.chdir(tmp_path / "my work")
    Path(file).write_text(text)
    apps: list[SizingApp] = []
    monkeypatch.setattr(eda_agent.run.process, "start", lambda *given: None)
    monkeypatch.setattr(SizingApp, "run", lambda self: apps.append(self))
    assert main(["tui", file, "--anywhere", *words]) == 0
    folder: Any = apps[0].folder
    assert re.fullmatch(rf"runs/{name}-\d{{8}}-\d{{6}}", str(folder))
    # as `size` makes it
    made = str(default_folder(*name.rsplit("-", 1)))
    assert len(made) == len(str(folder)) and made.startswith(f"runs/{name}-")

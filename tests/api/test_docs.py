"""Every example of docs/python.md gives what the page shows."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path

import numpy as np
import pytest

import eda_agent as ea

from ..conftest import CIRCUITS, ROOT


def test_the_page_of_the_python_api_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "amp")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "python.md").read_text()
    names = {"ea": ea, "np": np}
    test = doctest.DocTestParser().get_doctest(text, names, "python.md", None, 0)
    assert len(test.examples) > 30
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert runner.run(test, out=said.append).failed == 0, "".join(said)

"""A setting of a corner that nothing reads is reported with the name that was meant."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem

from ..conftest import CIRCUITS


@pytest.mark.parametrize(
    ("written", "meant"), [("temp", "temperature"), ("temprature", "temperature"), ("stpe", "step"), ("zzz", "")]
)
def test_a_misspelt_setting_of_a_corner_names_the_nearest(tmp_path: Path, written: str, meant: str) -> None:
    spec = tmp_path / "amp" / "spec.yaml"
    shutil.copytree(CIRCUITS / "ota_5t", spec.parent)
    text = spec.read_text()
    assert "temperature: 125" in text
    spec.write_text(text.replace("temperature: 125", f"{written}: 125"))
    (note,) = [str(one) for one in load_problem(spec).notes if "no testbench has such a setting" in str(one)]
    assert f"{written} is not used" in note
    assert note.endswith(f"did you mean {meant}?") if meant else "did you mean" not in note

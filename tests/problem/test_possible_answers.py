"""An answer that no such circuit has is refused with one clear message, and no spec is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import read_answers
from eda_agent.run.drafting import draft_spec

from .test_what_designers_bring import OTA


def drafted(folder: Path, given: Mapping[str, Any]) -> str:
    (folder / "c.spice").write_text(OTA)
    draft_spec(folder / "c.spice", folder / "new", answers=read_answers(**given), simulate=False)
    return (folder / "new" / "spec.yaml").read_text()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"bias": ["ib=-10kohm"]}, "--bias: ib=-10kohm is no current, voltage or resistance"),
        ({"bias": ["ib=0ohm"]}, "--bias: ib=0ohm is no current"),
        ({"bias": ["ib=1e6V"]}, "--bias: ib=1 MV is out of range: the supply is 1.8 V"),
        ({"bias": ["ib=-5V"]}, "--bias: ib=-5 V is out of range"),
        ({"bias": ["ib=30A"]}, "--bias: ib=30 A is out of range"),
        ({"bias": ["ib=10u", "ib=20u"]}, "--bias: ib=10u and ib=20u contradict each other"),
        ({"ports": ["out=out,out=inp"]}, "--port: out=out and out=inp contradict"),
        ({"bias": ["inp=0.9V"]}, "--bias: inp is inp of the testbenches"),
        ({"bias": ["vdd=1.8V"]}, "--supply sets the supply"),
        ({"vcm": "5"}, "--vcm: the common mode 5 V is out of range: the supply is 1.8 V"),
    ],
)
def test_an_impossible_answer_is_refused(given: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        drafted(tmp_path, given)
    (finding,) = error.value.findings
    assert words in str(finding) and finding.fix, str(finding)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"vcm": "1.9"},
        {"vcm": "3", "supply": "3.3"},
        {"bias": ["ib=-0.3V"]},
        {"bias": ["ib=10kohm"]},
        {"bias": ["ib=10u", "ib=10u"]},
    ],
)
def test_an_unusual_answer_holds(given: dict[str, Any], tmp_path: Path) -> None:
    assert "supply" in drafted(tmp_path, given)

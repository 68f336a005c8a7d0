"""A `.param` in another unit than its device's is sized in metres, and written back in its own unit."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import Answers
from eda_agent.problem.space import Parameter
from eda_agent.record.export import sized_netlist

from .test_answers import drafted
from .test_what_designers_bring import OTA, N


def ota(param: str, width: str) -> str:
    line = next(line for line in OTA.splitlines() if line.lower().startswith("xm1"))
    words = " ".join(word for word in line.split() if not word.startswith("w="))
    return OTA.replace(line, f"{words} w={width}").replace(".subckt", f".param {param}\n.subckt", 1)


def parameter(folder: Path, param: str, width: str) -> tuple[Parameter, str]:
    _, problem = drafted(folder, ota(param, width), Answers())
    found = next(one for one in problem.space.parameters if one.name.lower() == "wi")
    text = sized_netlist(problem, {**problem.space.initial, found.name: 2 * found.initial})
    return found, next(line for line in text.splitlines() if line.lower().startswith(".param"))


@pytest.mark.parametrize(
    ("param", "width", "written"),
    [
        ("wi=4u", "{wi*1e6}", "wi=8u"),
        ("wi=4e-6", "'wi/1u'", "wi=8e-06"),
        ("wi=4m", "{wi*1e3}", "wi=8m"),
        ("wi=4u wx={wi*1e6}", "{wx}", "wi=8u"),
        ("wi=2u", "{2*wi*1e6}", "wi=4u"),
        ("wi=4", "{wi}", "wi=8"),
    ],
)
def test_a_converted_parameter_is_in_metres(param: str, width: str, written: str, tmp_path: Path) -> None:
    assert N in OTA
    found, line = parameter(tmp_path, param, width)
    wanted = 4e-6 if not width.startswith("{2") else 2e-6
    assert found.unit == "m" and found.initial == pytest.approx(wanted)
    assert found.minimum < found.initial < found.maximum
    assert written in line


def test_a_width_with_a_prefix_and_no_conversion_is_still_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="write 4 in the netlist, not 4u"):
        drafted(tmp_path, ota("wi=4u", "{wi}"), Answers())

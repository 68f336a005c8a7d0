"""A sized netlist with a layout keeps its `.param` alive: the parameter has the number of the drawing."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import Answers
from eda_agent.problem.drawn import Drawn
from eda_agent.record.export import replaced_expressions, sized_netlist

from ..problem.test_answers import drafted
from ..problem.test_what_designers_bring import OTA


def ota(param: str, *widths: str) -> str:
    """The OTA with widths of its input pair."""
    lines = []
    for line in OTA.splitlines():
        name = line.split()[0].lower() if line.split() else ""
        if name in {"xm1", "xm2"}:
            words = [word for word in line.split() if not word.startswith("w=")]
            line = f"{' '.join(words)} w={widths[int(name[2:]) - 1]}"
        lines.append(line)
    return "\n".join(lines).replace(".subckt", f".param {param}\n.subckt", 1) + "\n"


@pytest.mark.parametrize(
    ("widths", "kept"),
    [(("{wi}", "'wi'"), True), (("{wi}", "{wi*1}"), False)],
)
def test_a_width_on_the_grid_is_in_its_parameter(widths: tuple[str, str], kept: bool, tmp_path: Path) -> None:
    _, problem = drafted(tmp_path, ota("wi=4", *widths), Answers())
    assert problem.layout is not None
    name = next(one for one in problem.space.names if one.lower() == "wi")
    sizing = {**problem.space.initial, name: 37.05e-6}
    simulated = {
        edit.device: value
        for edit, value in Drawn(problem).edits(sizing).items()
        if edit.device in {"xm1", "xm2"} and edit.attribute == "w"
    }
    drawn = simulated["xm1"]
    assert drawn == simulated["xm2"] != pytest.approx(37.05, rel=1e-6), simulated
    lines = sized_netlist(problem, sizing).splitlines()
    param = next(line for line in lines if line.lower().startswith(".param"))
    pair = [line for line in lines if line.lower().startswith(("xm1 ", "xm2 "))]
    assert (param == f".param wi={drawn:.10g}") is kept
    assert [width in line for width, line in zip(widths, pair, strict=True)] == [kept, kept], pair
    assert replaced_expressions(problem, sizing) == ([] if kept else ["XM1.w", "XM2.w"])

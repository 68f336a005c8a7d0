"""The offset of a clocked comparator: against a voltage in series with one gate, and against a bisection in plain
ngspice.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from tests.evidence import cases

from ..conftest import CIRCUITS
from .plain import library, ngspice

CLOCK = 500e6
SIZES = ".param W0=8.54 W12=6.58 W34=0.99 W56=0.5 W78=0.82 W910=0.48 L=0.15 L12=0.17 Wn=0.43 Wp=1.95\n"
CALL = "Xdut inp inn outp outn clk vdd vss comparator\n"


def text(*changes: tuple[str, str]) -> str:
    """The StrongARM comparator at one sizing, with changes of its lines."""
    source = (CIRCUITS / "strongarm" / "strongarm.spice").read_text()
    lines = [line for line in source.splitlines() if not line.startswith((".param", ".end\n")) and line != ".end"]
    result = "\n".join([lines[0], SIZES.strip(), *lines[1:]]) + "\n"
    for old, new in changes:
        assert result.count(old) == 1
        result = result.replace(old, new)
    return result


def offset(folder: Path, netlist: str, pool: LocalPool) -> float | str:
    """What the program measures; the reason where there is no number."""
    spec = yaml.safe_load((CIRCUITS / "strongarm" / "spec.yaml").read_text())
    spec["testbenches"] = {"o": {"template": "comparator_offset", "load": "30f", "vcm": 0.9, "frequency": CLOCK}}
    spec["specs"] = {"decision_offset": {"testbench": "o", "unit": "V", "maximum": 1}}
    spec["corners"] = {"nominal": {"process": "tt", "vdd": 1.8, "temperature": 27}}
    folder.mkdir(exist_ok=True)
    (folder / "strongarm.spice").write_text(netlist + ".end\n")
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, allow_unicode=True))
    problem = load_problem(folder)
    evaluator = Evaluator(problem, Workbench(problem, folder / "models"), pool, NoCache())
    found = evaluator.evaluate([problem.space.initial])[0]
    value = found.values["nominal"]["decision_offset"]
    return float(value) if value is not None else str(found.reasons)


@pytest.mark.parametrize(("wanted", "gate"), cases([(0.0, "inp"), (7e-3, "inp"), (-23e-3, "inp")], -23e-3))
def test_a_voltage_at_one_gate_is_the_offset(tmp_path: Path, pool: LocalPool, wanted: float, gate: str) -> None:
    skewed = text(("XM1 xn inp tail", f"Vskew {gate} moved {wanted}\nXM1 xn moved tail"))
    assert offset(tmp_path / "one", skewed, pool) == pytest.approx(abs(wanted), abs=1e-4)


def test_beyond_the_range_there_is_no_number(tmp_path: Path, pool: LocalPool) -> None:
    far = text(("XM1 xn inp tail", "Vskew inp moved 0.5\nXM1 xn moved tail"))
    assert "the same at every input within 100 mV" in str(offset(tmp_path / "one", far, pool))


def test_unequal_widths_flip_where_plain_ngspice_does(tmp_path: Path, pool: LocalPool) -> None:
    skewed = text(("xn inp tail vss sky130_fd_pr__nfet_01v8 w={W12}", "xn inp tail vss sky130_fd_pr__nfet_01v8 w=6"))
    low, high, period = -50e-3, 50e-3, 1 / CLOCK
    for _ in range(10):
        middle = (low + high) / 2
        cards = (
            f"Vvdd vdd 0 1.8\nVvss vss 0 0\nVclk clk 0 pulse(0 1.8 {period / 2} 20p 20p {0.49 * period} {period})\n"
            f"Vp inp 0 {0.9 + middle / 2}\nVn inn 0 {0.9 - middle / 2}\nCp outp 0 30f\nCn outn 0 30f\n"
            ".option temp=27\n"
        )
        deck = library("strongarm", "tt", foundry=False) + skewed + CALL + cards
        [(_time, p, n)] = ngspice(deck, [(f"tran {period / 500} {2.98 * period}", "v(outp) v(outn)")])
        low, high = (low, middle) if p[-1] > n[-1] else (middle, high)
    assert offset(tmp_path / "one", skewed, pool) == pytest.approx(abs((low + high) / 2), abs=3e-4)
    assert abs(low) > 1e-3

"""Records of evolved circuits: made once, read back as simulated, refused where they are damaged or held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eda_agent.errors import InputError
from eda_agent.files import read_json_lines
from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.topologies.evolve import evolved
from eda_agent.train.universal import make
from eda_agent.train.universal.record import read_record

SMALL = 0
"""A transimpedance amplifier of five devices: its designs take milliseconds."""
COMPARATOR = 117


def test_a_circuit_is_made_once_and_read_back_as_simulated(tmp_path: Path, pool: LocalPool) -> None:
    assert make.make([SMALL], tmp_path, 60) == {"kept": 1}
    assert make.make([SMALL], tmp_path, 60) == {}
    record = read_record(next(tmp_path.glob("records/*.npz")))
    cell, topology = evolved(SMALL)
    assert (record.topology, record.fingerprint, record.kind) == (topology, cell.fingerprint, "transimpedance")
    problem = record.problem(tmp_path / "again")
    assert record.sizes.shape == (make.DESIGNS, len(problem.space.names)) and record.points.shape[1] == len(cell.fets)
    evaluator = Evaluator(
        problem, Workbench(problem, cache_folder() / "models"), pool, NoCache(), points_everywhere=True
    )
    again = evaluator.evaluate([problem.space.initial])[0]
    assert list(problem.space.initial.values()) == record.sizes[1].tolist()
    assert [again.values[record.corner.name][name] for name in problem.spec_names] == pytest.approx(
        record.values[1].tolist(), rel=1e-6
    )
    assert [again.operating_points[label].gm for label in record.fets] == pytest.approx(
        record.points[1, :, 1].tolist(), rel=1e-4
    )
    assert "transimpedance: 1 tried, 1 kept (100%), 1 structures" in make.summary(tmp_path)


def test_what_is_held_out_or_of_no_kind_asked_for_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make.make([SMALL], tmp_path, 60, ["amplifier"]) == {} and not list(tmp_path.glob("records/*"))
    monkeypatch.setattr(make, "held_out_shapes", lambda: {evolved(SMALL)[0].fingerprint: "x"})
    assert make.make([SMALL], tmp_path, 60) == {"held out": 1} and not list(tmp_path.glob("records/*"))
    assert [row["end"] for row in read_json_lines(next(tmp_path.glob("made-*.jsonl")))] == ["held out"]


def test_a_comparator_that_never_decides_does_not_work(tmp_path: Path) -> None:
    """A bound of its delay is no delay; a bound of another spec is a value."""
    _, topology = evolved(COMPARATOR)
    problem = load_problem(topology.write(tmp_path))
    values = {"nominal": dict.fromkeys(problem.spec_names, 1e-9)}
    for bounds, works in (({}, True), ({("nominal", "power"): "<"}, True), ({("nominal", "delay"): ">"}, False)):
        assert make._works(problem, Evaluation(values, {}, (), {}, 1, 0, 0.0, bounds)) is works


def test_records_of_another_version_are_made_anew(tmp_path: Path) -> None:
    """The same number is another circuit there."""
    (tmp_path / "made-000000-1.jsonl").write_text(f'{{"number": {SMALL}, "key": "x y", "end": "kept"}}\n')
    assert make.make([SMALL], tmp_path, 60) == {"kept": 1}


def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    for content in (b"", b"PK\x03\x04 nothing"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="not a record of a circuit"):
            read_record(path)
    np.savez(path, about=np.frombuffer(b"[1]", np.uint8))
    with pytest.raises(InputError, match="not a record of a circuit"):
        read_record(path)

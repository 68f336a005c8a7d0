"""The folder of a run: nobody shares it, whenever it is made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from eda_agent.problem.spec import Problem
from eda_agent.run import folder
from eda_agent.run.request import Request


class Noon(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: object = None) -> Noon:
        return cls(2026, 1, 2, 12, 0, 0)


def test_runs_of_one_second_have_a_folder_each(
    problems: dict[str, Problem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folder, "datetime", Noon)
    problem = problems["ota_5t"]
    request = Request(spec=Path("spec.yaml"), policy="random")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: folder.run_folder(request, problem), range(20)))
    assert len(set(made)) == 20 and all(path.is_dir() for path in made)
    assert Path("runs/ota_5t-random-20260102-120000") in made
    # one that is named is taken as it is, also a second time: that is how a run is resumed
    named = Request(spec=Path("spec.yaml"), policy="random", out=tmp_path / "mine")
    assert folder.run_folder(named, problem) == folder.run_folder(named, problem) == tmp_path / "mine"

"""The cache of results may always be lost: no state of its file ends a run, and none that is sound is thrown away."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from eda_agent.simulation.cache import Cache


def kept(path: Path) -> Cache:
    cache = Cache(path)
    cache.put("a", {"x": 1.0})
    assert cache.get("a") == {"x": 1.0} and cache.get_many(["a", "b"]) == {"a": {"x": 1.0}}
    return cache


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    path.write_bytes(b"this is no database, and long enough to be told from one" * 100)
    kept(path).close()
    assert (tmp_path / "results.damaged").exists()
    assert Cache(path).get("a") == {"x": 1.0}


def test_without_a_file_results_are_kept_for_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    kept(tmp_path / "file" / "results.sqlite").close()
    kept(tmp_path / "folder").close()
    (tmp_path / "taken").mkdir()
    kept(tmp_path / "taken").close()
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_in_a_folder_that_may_only_be_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    kept(tmp_path / "results.sqlite").close()


def test_a_sound_file_that_is_locked_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.sqlite"
    kept(path).close()
    monkeypatch.setattr(
        sqlite3, "connect", lambda place, connect=sqlite3.connect, **how: connect(place, **{**how, "timeout": 0.05})
    )
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    cache = Cache(path)
    cache.put("b", {"x": 2.0})
    other.execute("COMMIT")
    other.close()
    assert not (tmp_path / "results.damaged").exists() and Cache(path).get("a") == {"x": 1.0}

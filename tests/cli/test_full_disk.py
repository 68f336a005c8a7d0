"""A disk that takes no more, or is not ours, ends a command with one message; nothing half written stays, and the same
command works afterwards.

A limit of the operating system on the size of a file stands for the disk: writing beyond it fails as writing to a full
one does.
"""

from __future__ import annotations

import errno
import os
import pickle
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.files import write_file, write_text

from ..conftest import CIRCUITS

CIRCUIT = CIRCUITS / "ota_5t"


def run(*words: str, cache: Path, most: int | None = None) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        if most is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return subprocess.run(
        [sys.executable, "-m", "eda_agent", *words],
        capture_output=True,
        text=True,
        # Python keeps half of a module's bytecode where the rest does not get through, and stumbles over it ever after
        env={**os.environ, "EDA_AGENT_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limit,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("size", str(CIRCUIT), "--policy", "random", "--budget", "1"),
        ("bench", "ota_5t", "--policy", "random", "--budget", "1", "--seeds", "1", "--workers", "1"),
    ],
    ids=["size", "bench"],
)
def test_a_full_disk_is_one_message(tmp_path: Path, words: tuple[str, ...]) -> None:
    cache = tmp_path / "cache"
    command = (*words, "--out", str(tmp_path / "out"))
    full = run(*command, cache=cache, most=1000)
    assert full.returncode == 3
    message, advice = full.stderr.strip().splitlines()
    assert message.startswith(f"eda-agent: {cache}/models/") and message.endswith("File too large")
    assert "make room" in advice
    assert not list(tmp_path.rglob("*.part"))
    assert run(*command, cache=cache).returncode in (0, 1)
    assert (tmp_path / "out").is_dir()


def test_a_cache_that_can_be_no_folder_is_one_message(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("a user's")
    result = run("size", str(CIRCUIT), "--budget", "1", "--out", str(tmp_path / "out"), cache=file / "cache")
    assert result.returncode == 3
    message, advice = result.stderr.strip().splitlines()
    assert message == f"eda-agent: {file}/cache/models: Not a directory"
    assert "EDA_AGENT_CACHE" in advice
    assert file.read_text() == "a user's"


@pytest.mark.parametrize(
    "failure",
    [OSError(errno.ENOSPC, "No space left on device"), ValueError("not an error of the disk"), KeyboardInterrupt()],
)
def test_what_cannot_be_written_leaves_the_old_file_and_no_part(tmp_path: Path, failure: BaseException) -> None:
    path = tmp_path / "layout.gds"
    write_text(path, "old")

    def write(part: Path) -> None:
        assert part.suffix == ".gds"
        part.write_text("half")
        raise failure

    with pytest.raises(type(failure)) as caught:
        write_file(path, write)
    assert [file.name for file in tmp_path.iterdir()] == ["layout.gds"]
    assert path.read_text() == "old"
    if isinstance(failure, OSError):
        # as it comes out of a process that ran a job of the bench
        assert pickle.loads(pickle.dumps(caught.value)).filename == str(path)

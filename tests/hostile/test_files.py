"""The files of a run are the program's own: what somebody puts in their place is not followed, not waited for and not
read without end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from eda_agent import files
from eda_agent.agent.commands import COMMANDS_FILE, parse_command
from eda_agent.agent.control import PIECE, Control
from eda_agent.errors import InputError
from eda_agent.files import open_own, read_file, read_json_lines, write_text
from eda_agent.record.journal import Journal, read_journal
from eda_agent.record.locked_jsonl import LockedJsonlFile
from eda_agent.run.process import RunProcess, write_command
from eda_agent.simulation.cache import Cache
from eda_agent.simulation.memory import Memory
from eda_agent.tui.feed import JournalFeed

TREASURE = "somebody's own words\n"


@pytest.fixture
def treasure(tmp_path: Path) -> Path:
    path = tmp_path / "treasure"
    path.write_text(TREASURE)
    return path


@pytest.fixture(params=["link", "second name"])
def lure(request: pytest.FixtureRequest, treasure: Path) -> Callable[[Path], None]:
    """Put another way to the treasure in a place."""
    return lambda place: place.symlink_to(treasure) if request.param == "link" else os.link(treasure, place)


def test_a_journal_is_not_written_through_a_link(tmp_path: Path, treasure: Path, lure: Callable[[Path], None]) -> None:
    lure(tmp_path / "journal.jsonl")
    with pytest.raises(InputError, match="the journal cannot be written here"):
        Journal(tmp_path / "journal.jsonl")
    assert treasure.read_text() == TREASURE


def test_orders_are_not_written_through_a_link(tmp_path: Path, treasure: Path, lure: Callable[[Path], None]) -> None:
    lure(tmp_path / COMMANDS_FILE)
    with pytest.raises(InputError):
        write_command(tmp_path, parse_command('{"do":"pause"}'))
    assert treasure.read_text() == TREASURE


def test_a_result_replaces_a_link_and_not_its_target(
    tmp_path: Path, treasure: Path, lure: Callable[[Path], None]
) -> None:
    lure(tmp_path / "best.json")
    write_text(tmp_path / "best.json", "{}")
    assert treasure.read_text() == TREASURE and (tmp_path / "best.json").read_text() == "{}"
    assert not (tmp_path / "best.json").is_symlink()


def test_the_part_of_a_file_has_a_name_that_nobody_can_foresee(
    tmp_path: Path, treasure: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"best.json.{os.getpid()}.part").symlink_to(treasure)
    write_text(tmp_path / "best.json", "{}")
    # and where somebody does, the file is not opened
    monkeypatch.setattr(files, "_word", lambda: "guessed")
    (tmp_path / "best.json.guessed.part").symlink_to(treasure)
    with pytest.raises(OSError):
        write_text(tmp_path / "best.json", "{}")
    assert treasure.read_text() == TREASURE


@pytest.mark.parametrize("name", ["journal.jsonl", COMMANDS_FILE])
def test_what_never_ends_is_not_read(tmp_path: Path, name: str) -> None:
    """A pipe hung for 303 s, and /dev/zero took 23 GB."""
    heard: list[str] = []
    for make in (os.mkfifo, lambda place: os.symlink("/dev/zero", place), os.mkdir):
        place = tmp_path / name
        make(place)
        begun = time.monotonic()
        if name == COMMANDS_FILE:
            control = Control(complain=heard.append)
            control.follow(place, 0)
            assert control.take() == [] == control.take()
        else:
            for read in (
                lambda p: list(read_journal(p)),
                lambda p: JournalFeed(p).read(),
                lambda p: LockedJsonlFile(p, "journal"),
            ):
                with pytest.raises(InputError):
                    read(place)
        assert time.monotonic() - begun < 5
        place.rmdir() if place.is_dir() else place.unlink()
    assert len(heard) == (3 if name == COMMANDS_FILE else 0)


def test_a_line_without_end_is_refused_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "journal.jsonl"
    with journal.open("wb") as file:
        file.truncate(300_000_000)  # a hole: 300 MB of zeros without a block on the disk
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, (resource.getrlimit(resource.RLIMIT_AS)[1],) * 2)
from pathlib import Path
from eda_agent.errors import InputError
from eda_agent.record.journal import read_journal
from eda_agent.record.locked_jsonl import LockedJsonlFile
from eda_agent.simulation.cache import Cache
from eda_agent.simulation.memory import Memory
from eda_agent.tui.feed import JournalFeed
path = Path({str(journal)!r})
for read in (lambda: list(read_journal(path)), lambda: JournalFeed(path).read(), lambda: LockedJsonlFile(path, "journal")):
    try:
        read()
    except InputError as error:
        print(str(error).splitlines()[0])
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    assert len(told) == 4 and all("longer than" in line for line in told[:3])
    assert int(told[3]) < 400_000, "kilobytes of memory"


def test_orders_are_taken_piece_by_piece(tmp_path: Path) -> None:
    heard: list[str] = []
    control = Control(complain=heard.append)
    (tmp_path / COMMANDS_FILE).write_text('{"do":"pause"}\n' * 100_000)
    control.follow(tmp_path / COMMANDS_FILE, 0)
    first = len(control.take())
    assert 0 < first < 100_000
    while more := control.take():
        first += len(more)
    assert first == 100_000 and not heard
    with (tmp_path / COMMANDS_FILE).open("a") as file:
        file.write("x" * (PIECE + 1))
    assert control.take() == [] and "longer than" in heard[0]


def test_databases_are_not_opened_through_a_link(tmp_path: Path, treasure: Path) -> None:
    """Results go on being kept, for this process; what a link leads to stays as it is."""
    for name in ("results.sqlite", "memory.sqlite"):
        (tmp_path / name).symlink_to(treasure)
    cache = Cache(tmp_path / "results.sqlite")
    cache.put("a", {"x": 1})
    assert cache.get("a") == {"x": 1}
    cache.close()
    assert Memory(tmp_path / "memory.sqlite").designs("c") == []
    assert treasure.read_text() == TREASURE
    os.mkfifo(tmp_path / "pipe")
    Cache(tmp_path / "pipe").close()


def test_runs_are_listed_beside_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "journal.jsonl").symlink_to(tmp_path / "nowhere")
    shutil.copytree("tests/fixtures/run/ota", tmp_path / "two")
    done = subprocess.run(
        [sys.executable, "-m", "eda_agent", "runs", str(tmp_path)],
        # at 80 columns a long folder takes the place of the problem's name
        env={**os.environ, "COLUMNS": "250"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0 and "ota_5t" in done.stdout and "Traceback" not in done.stderr


def test_files_of_the_program_are_plain(tmp_path: Path, treasure: Path) -> None:
    (tmp_path / "link").symlink_to(treasure)
    with pytest.raises(OSError, match="links are not followed"):
        open_own(tmp_path / "link", "rb")
    # what a user names may be a link: a PDK's folder is made of them
    assert read_file(tmp_path / "link") == TREASURE.encode()
    with open_own(tmp_path / "new", "ab") as file:
        file.write(b"[1]\nno\n[2]\n")
        file.seek(0)
        assert file.read() == b"[1]\nno\n[2]\n"
    with pytest.raises(OSError):
        open_own(tmp_path / "new", "xb")
    assert read_json_lines(tmp_path / "new") == [[1], [2]]
    with open_own(tmp_path / "new", "wb"):
        pass
    assert (tmp_path / "new").stat().st_size == 0
    assert not RunProcess(tmp_path).alive

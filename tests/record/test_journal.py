"""The journal: torn at every byte of its last line, locked, folded, replayed."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.errors import InputError
from eda_agent.record import locked_jsonl as module
from eda_agent.record.events import envelope
from eda_agent.record.fold import fold
from eda_agent.record.journal import Journal, read_journal
from eda_agent.record.locked_jsonl import whole_length

EVENTS = [envelope(index, "log", {"level": "info", "message": f"line {index} ü"}) for index in range(4)]


def write(path: Path) -> bytes:
    journal = Journal(path)
    for event in EVENTS:
        journal.append(event)
    journal.close()
    return path.read_bytes()


def test_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path)
    assert list(read_journal(path)) == EVENTS


def test_torn_at_every_byte_of_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    data = write(path)
    last = data.rstrip(b"\n").rfind(b"\n") + 1
    for cut in range(last, len(data)):
        path.write_bytes(data[:cut])
        assert list(read_journal(path)) == EVENTS[:3]
        journal = Journal(path)  # opening cuts the torn line off, and writing goes on behind whole lines
        journal.append(EVENTS[3])
        journal.close()
        assert path.read_bytes() == data


def test_garbage_at_the_end_is_a_torn_line_and_garbage_within_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    data = write(path)
    path.write_bytes(data + b"\0\0\0\n")
    assert list(read_journal(path)) == EVENTS
    assert whole_length(path) == len(data)
    path.write_bytes(b"garbage\n" + data)
    with pytest.raises(InputError, match="not an event") as caught:
        list(read_journal(path))
    assert caught.value.findings[0].line == 1


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    first = Journal(tmp_path / "journal.jsonl")
    with pytest.raises(InputError, match="another process"):
        Journal(tmp_path / "journal.jsonl")
    first.close()
    Journal(tmp_path / "journal.jsonl").close()


def test_a_journal_of_another_version_and_none_at_all(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps({**EVENTS[0], "v": 99}) + "\n")
    with pytest.raises(InputError, match="version 99"):
        list(read_journal(path))
    with pytest.raises(InputError, match="cannot read"):
        list(read_journal(tmp_path / "nothing"))


def test_numbers_that_json_does_not_have_become_null() -> None:
    assert envelope(0, "log", {"a": float("nan"), "b": [float("inf"), 1.0]}) == {
        **envelope(0, "log", {}),
        "a": None,
        "b": [None, 1.0],
        "t": pytest.approx(0, abs=1e12),
    }


def test_a_fold_of_nothing_is_a_run_that_has_not_begun() -> None:
    state = fold([])
    assert not state.turns
    assert state.curve == []


LINES = st.lists(
    st.sampled_from([b'{"a":1}\n', b'{"type":"x","t":12345}\n', b'{"a":\n', b"\n", b"\0\0\0\n", b"garbage"]), max_size=7
)


@given(LINES, st.integers(1, 60))
def test_the_last_whole_line_is_found_from_the_end(parts: list[bytes], block: int) -> None:
    """Against reading the whole file, whatever is read at once."""
    data = b"".join(parts)
    ends = [0]
    for place, byte in enumerate(data):
        if byte == ord("\n"):
            with contextlib.suppress(ValueError):
                json.loads(data[data.rfind(b"\n", 0, place) + 1 : place])
                ends.append(place + 1)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(data)
        patch.setattr(module, "BLOCK", block)
        assert whole_length(path) == ends[-1]

"""Feeds: a journal that grows, is torn, is damaged, is replayed; and the process that writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eda_agent.agent.commands import command_from
from eda_agent.errors import InputError
from eda_agent.record.journal import Journal
from eda_agent.run.process import RunProcess
from eda_agent.tui.feed import MAX_EVENTS, JournalFeed, Replay


def line(number: int, t: float = 0.0) -> str:
    return json.dumps({"v": 1, "seq": number, "t": t, "type": "log", "message": "x"}) + "\n"


def test_a_growing_journal_gives_every_event_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.jsonl"
    feed = JournalFeed(path)
    assert feed.read() == []
    path.write_text(line(0) + line(1) + line(2)[:20])
    assert [event["seq"] for event in feed.read()] == [0, 1] and feed.read() == []
    with path.open("a") as file:
        file.write(line(2)[20:] + line(3))
    assert [event["seq"] for event in feed.read()] == [2, 3]
    path.write_text("".join(line(number) for number in range(MAX_EVENTS + 10)))
    # a slow machine reads fewer at a time (`PATIENCE`)
    monkeypatch.setattr("eda_agent.tui.feed.PATIENCE", 60.0)
    feed = JournalFeed(path)
    assert [len(feed.read()) for _ in range(3)] == [MAX_EVENTS, 10, 0]


def test_what_is_no_journal_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    for text, said in (
        ("garbage\n", "not an event"),
        ("[1]\n", "not an event"),
        ('{"v": 9, "type": "log"}\n', "version 9"),
    ):
        path.write_text(line(0) + text + line(1))
        feed = JournalFeed(path)
        with pytest.raises(InputError, match=said):
            feed.read()
    with pytest.raises(InputError, match="cannot read"):
        JournalFeed(tmp_path).read()


def test_a_replay_keeps_time(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text("".join(line(number, 50.0 + number) for number in range(10)))
    now = [0.0]
    replay = Replay(JournalFeed(path), 2.0, clock=lambda: now[0])
    assert [event["seq"] for event in replay.read()] == [0]
    now[0] = 1.5
    assert [event["seq"] for event in replay.read()] == [1, 2, 3]
    now[0] = 100.0
    assert [event["seq"] for event in replay.read()] == [4, 5, 6, 7, 8, 9]
    assert len(Replay(JournalFeed(path), 0.0).read()) == 10


def test_a_run_is_alive_while_its_journal_is_held(tmp_path: Path) -> None:
    run = RunProcess(tmp_path)
    assert not run.alive
    with pytest.raises(InputError, match="no process is running this"):
        run.send(command_from({"do": "stop"}))
    journal = Journal(tmp_path / "journal.jsonl")
    assert run.alive
    run.send(command_from({"do": "pause"}))
    journal.close()
    assert not run.alive and (tmp_path / "orders.jsonl").read_text() == '{"do":"pause"}\n'

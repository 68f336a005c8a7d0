"""Wrong types at every border, one message each: journals, frames of a worker, PDK files, specs, orders, memories; and
names that no file can have.
"""

from __future__ import annotations

import json
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from eda_agent.agent.commands import parse_command
from eda_agent.errors import InputError
from eda_agent.files import json_line
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk import find_pdk
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.simulation.memory import _remembered
from eda_agent.simulation.reply import sound, sound_preparation
from eda_agent.tui.feed import JournalFeed
from eda_agent.units import QuantityError, parse_quantity

from .attack import files, frames, journals
from .attack.count import count
from .netlists import SOUND
from .test_netlists import SPEC

RUN = Path(__file__).parents[1] / "fixtures" / "run" / "ota"
EVENTS: list[dict[str, Any]] = [json.loads(line) for line in (RUN / "journal.jsonl").read_text().splitlines()]
PLACES = [
    ("run.started", ("specs",), 5),
    ("run.started", ("specs", 0, "minimum"), "x"),
    ("run.started", ("parameters", 0, "minimum"), None),
    ("run.started", ("parameters", 0, "scale"), []),
    ("run.started", ("corners",), {}),
    ("run.started", ("budget", "simulations"), "many"),
    ("run.started", ("budget",), None),
    ("run.started", ("problem",), ["x"]),
    ("run.started", ("seed",), 0.5),
    ("baseline", ("sizing",), None),
    ("baseline", ("sizing", "W12"), "4u"),
    ("baseline", ("sizing", "W12"), -1.0),
    ("baseline", ("specs", "gbw"), 5),
    ("baseline", ("specs", "gbw", "margin"), "x"),
    ("baseline", ("specs", "gbw", "met"), 1),
    ("baseline", ("evaluation", "values", "nominal"), []),
    ("baseline", ("evaluation", "values", "nominal", "gbw"), "x"),
    ("baseline", ("evaluation", "jobs"), "9"),
    ("baseline", ("evaluation", "operating_points", "xm1"), {"id": 1}),
    ("baseline", ("evaluation", "failures"), [[1, 2, 3, 4]]),
    ("turn.evaluated", ("proposal",), None),
    ("turn.evaluated", ("proposal", "notes"), "x"),
    ("turn.evaluated", ("index",), -1),
    ("turn.evaluated", ("index",), 1.5),
    ("turn.evaluated", ("score",), None),
    ("turn.proposed", ("reply",), 5),
    ("best.updated", ("specs",), {}),
    ("best.updated", ("met",), "yes"),
    ("verified", ("corners",), "nominal"),
    ("run.finished", ("stop",), 5),
    ("run.finished", ("t",), 1e18),
    ("run.finished", ("seq",), "x"),
]


def changed(kind: str, path: tuple[Any, ...], value: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(json.dumps(EVENTS))
    holder: Any = next(event for event in events if event["type"] == kind)
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return events


@pytest.mark.parametrize(("kind", "path", "value"), PLACES, ids=lambda part: str(part)[:40])
def test_a_changed_field_is_one_message_with_its_line_and_name(
    kind: str, path: tuple[Any, ...], value: Any, tmp_path: Path
) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in changed(kind, path, value)))
    for read in (lambda: fold(read_journal(file)), lambda: JournalFeed(file).read()):
        with pytest.raises(InputError) as error:
            read()
        said = str(error.value)
        assert f"{file}:" in said and (kind in said or path[-1] in said) and said.count("\n") <= 1
    assert len(fold(iter(EVENTS)).turns) == 25


def test_events_before_their_time_are_one_message(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    for kinds in (
        ["baseline"],
        ["hello", "best.updated"],
        ["run.started", "turn.evaluated"],
        ["run.started", "best.updated"],
    ):
        chosen = [next(event for event in EVENTS if event["type"] == kind) for kind in kinds]
        file.write_text("".join(json.dumps(event) + "\n" for event in chosen))
        with pytest.raises(InputError, match=r"not started yet|no baseline yet"):
            fold(read_journal(file))
    back = {"v": 1, "seq": 9, "t": 1.0, "type": "returned", "turn": 1}
    file.write_text("".join(json.dumps(event) + "\n" for event in [*EVENTS[:3], back]))
    with pytest.raises(InputError, match="set aside"):
        fold(read_journal(file))


def test_views_of_changed_journals_end_in_a_message_or_a_view(tmp_path: Path) -> None:
    """A few of the thousands that `python -m tests.hostile.attack journals` makes of a run with every kind of event."""
    views = journals.Views(RUN, tmp_path)
    several = (entry for number, entry in enumerate(journals.changed(EVENTS)) if number % 97 == 0)
    found = count("journals", views.attacks(islice(several, 40)))
    assert found.tried == 40 and not found.faults


def test_frames_that_are_no_answers_are_failed_simulations() -> None:
    several = (entry for number, entry in enumerate(frames.attacks()) if number % 7 == 0 or number < len(frames.RAW))
    found = count("frames", several)
    assert found.tried > 50 and not found.faults


def test_an_answer_that_comes_drop_by_drop_has_one_time() -> None:
    """A byte every 20 ms, of a frame of which each byte would have the whole time: it holds nobody longer than one
    simulation may take.
    """
    begun = time.monotonic()
    replies = frames.asked(frames.frame(frames.READY), frames.frame({"words": "x" * 500}), slowly=True, timeout=0.3)
    assert all(reply["failure"]["kind"] in {"crash", "timeout"} for reply in replies) and time.monotonic() - begun < 8.0


def test_an_answer_is_told_from_what_is_none() -> None:
    assert sound(frames.ANSWER) and sound(frames.FAILURE)
    for name, said in frames.answers():
        try:
            reply = json.loads(said[4:])
        except (ValueError, RecursionError):
            continue
        assert isinstance(sound(reply), bool) and isinstance(sound_preparation(reply), bool), name
    assert not sound({"metrics": {}, "seconds": 10**400}) and not sound({"failure": {"kind": [], "words": ""}})
    assert not sound({"metrics": {}, "waveforms": {"ac": {"axis": [1.0], "probes": {"out": [1.0, 2.0]}}}})


def test_pdk_files(tmp_path: Path) -> None:
    several = (entry for number, entry in enumerate(files.pdk_attacks(tmp_path)) if number % 11 == 0)
    found = count("pdk", several)
    assert found.tried > 100 and not found.faults
    files.written(tmp_path / "fab.yaml", {**files.PDK, "supply": [1], "params": {"sw": [1]}, "corners": {"t\nt": []}})
    with pytest.raises(InputError) as error:
        find_pdk("fab.yaml", tmp_path)
    assert [finding.where for finding in error.value.findings] == ["pdk: corners", "pdk: params", "pdk: supply"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budget: {timeout: 1e18}", "at most 86,400 s"),
        ("budget: {simulations: 1e300}", "at most 1,000,000,000"),
        ('circuit: "amp\\0.spice"', "NUL"),
        ('include: ["\\ud800"]', "half of a surrogate pair"),
        ('pdk: "x\\0.yaml"', "NUL"),
    ],
)
def test_specs(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "amp.spice").write_text(SOUND)
    key = text.split(":")[0]
    (tmp_path / "spec.yaml").write_text(
        "\n".join(line for line in SPEC.splitlines() if not line.startswith(key)) + f"\n{text}\n"
    )
    with pytest.raises(InputError, match=said):
        load_problem(tmp_path / "spec.yaml")


def test_orders_and_quantities_of_hundreds_of_digits() -> None:
    with pytest.raises(InputError, match="whole number from 0"):
        parse_command('{"do": "spend", "simulations": 1' + "0" * 400 + "}")
    with pytest.raises(QuantityError, match="beyond"):
        parse_quantity(10**400, "m")


def test_designs_of_earlier_runs() -> None:
    values = {"nominal": {"gbw": 1.0}}
    assert _remembered({"W": 1.0}, {"values": values, "bounds": []}).values == values
    for sizing, measured in (
        ({"W": float("inf")}, {"values": values, "bounds": []}),
        ({"W": 10**400}, {"values": values, "bounds": []}),
        ({"W": 1.0}, {"values": {"nominal": {"gbw": float("nan")}}, "bounds": []}),
        ({"W": 1.0}, {"values": values, "bounds": [["nominal", "gbw", []]]}),
        ({"W": 1.0}, {"values": values, "bounds": [["nominal", "gbw", "≥"]]}),
    ):
        with pytest.raises((ValueError, TypeError, OverflowError)):
            _remembered(sizing, measured)


def test_half_a_pair_of_characters_does_not_make_a_journal_unreadable(tmp_path: Path) -> None:
    """A model's answer, an order or a file's name may have one; most readers of JSON refuse the whole line."""
    file = tmp_path / "journal.jsonl"
    file.write_text(json_line({"v": 1, "seq": 0, "t": 1.0, "type": "log", "message": "a \ud800 b \U0001f600 \\ud800"}))
    assert [event["message"] for event in read_journal(file)] == ["a ? b \U0001f600 \\ud800"]

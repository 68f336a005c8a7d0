"""Hostile specs, settings, replies, journals and orders: one message or nothing, quickly; and a terminal or page that
shows them is not steered.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest
import yaml

from eda_agent.agent.commands import parse_command
from eda_agent.agent.parse import parse_reply
from eda_agent.bench.suite import read_suite
from eda_agent.cli import main
from eda_agent.errors import EdaAgentError, InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk import find_pdk
from eda_agent.problem.space import DesignSpace, Parameter
from eda_agent.problem.target import read_targets
from eda_agent.record.fold import fold
from eda_agent.record.journal import Journal, read_journal
from eda_agent.record.tables import read_cace
from eda_agent.train.recipe import load_recipe
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.settings import read_settings

from .netlists import SOUND
from .test_netlists import SPEC, Place, plain
from .texts import EVENT, EVENTS, ORDERS, REPLIES, YAML

SPACE = DesignSpace((Parameter("M1.w", 1e-6, 2e-6, "m", "lin", None, "width", 1e-6, ()),))
SECONDS = 20.0
"""Of this process, so that other work on the machine does not count; far above what is needed (many keys: 2 to 6), far
below what does not end.
"""
FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path)
    found.write(SOUND.encode())
    return found


def merged(text: str) -> str:
    """The sound spec with the keys of a fragment in place of its own; the fragment alone where it is no map of
    texts.
    """
    try:
        keys = {
            line.split(":", 1)[0]
            for line in text.splitlines()
            if line and not line.startswith((" ", "\t", "-", "%", "[", "{", "!", "&"))
        }
    except ValueError:
        return text
    kept = [line for line in SPEC.splitlines() if line.split(":", 1)[0] not in keys]
    return "\n".join(kept) + "\n" + text


@pytest.mark.parametrize("name", YAML)
def test_yaml(name: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    text = place.filled(YAML[name])
    for content in (text, merged(text)):
        spec = place.folder / "spec.yaml"
        spec.write_text(content, encoding="utf-8", errors="surrogatepass")
        start = time.process_time()
        try:
            problem = load_problem(spec)
            place.harmless(problem.netlist)
            assert len(problem.corners) <= 10_000
        except InputError as error:
            plain(str(error))
        assert time.process_time() - start < SECONDS
    # every other file that is YAML
    other = place.folder / "tui.yaml"
    other.write_text(text, encoding="utf-8", errors="surrogatepass")
    monkeypatch.setenv("EDA_AGENT_CONFIG", str(place.folder))
    for read in (
        lambda: read_settings(["pause"]),
        lambda: read_cace(other),
        lambda: read_suite(str(other)),
        lambda: find_pdk("tui.yaml", place.folder),
        lambda: load_recipe(other),
        lambda: read_targets(other),
    ):
        start = time.process_time()
        try:
            read()
        except EdaAgentError as error:
            plain(str(error))
        assert time.process_time() - start < SECONDS
    assert not place.canary.exists()


@pytest.mark.parametrize("name", REPLIES)
def test_replies(name: str, tmp_path: Path) -> None:
    start = time.process_time()
    proposal = parse_reply(REPLIES[name].replace("CANARY", str(tmp_path / "canary")), SPACE, {"M1.w": 1e-6})
    assert time.process_time() - start < SECONDS
    if proposal.sizing is None:
        assert proposal.error
    else:
        assert list(proposal.sizing) == ["M1.w"] and 1e-6 <= proposal.sizing["M1.w"] <= 2e-6
    assert not (tmp_path / "canary").exists()


CODES = "\x1b[2J\x1b]0;owned\x07\x9b31m[bold red]x[/] [link=http://x]y[/link]\r\x08<script>alert(1)</script>"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A recorded run whose policy said nothing but codes, and whose simulator did so when it failed."""
    folder = tmp_path / "run"
    shutil.copytree(FIXTURES / "run" / "ota", folder)
    lines = []
    for line in (folder / "journal.jsonl").read_text().splitlines():
        event = json.loads(line)
        for holder in (event, event.get("proposal", {})):
            for key in ("reasoning", "reply", "error", "words", "hint", "message", "summary"):
                if isinstance(holder.get(key), str) and (key != "error" or holder[key]):
                    holder[key] = CODES
            if "notes" in holder:
                holder["notes"] = [CODES]
        lines.append(json.dumps(event))
    (folder / "journal.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.mark.parametrize("arguments", [["show"], ["show", "--turn", "3"], ["report", "--format", "md"]])
def test_a_terminal_is_not_steered(
    arguments: list[str], run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    main([arguments[0], str(run), *arguments[1:]])
    said = "".join(capsys.readouterr())
    assert said and not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", said)
    for page in run.glob("report.*"):
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", page.read_text(encoding="utf-8"))


def test_a_page_shows_words_and_runs_nothing(run: Path) -> None:
    main(["report", str(run), "--no-sim"])
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page and "\x1b" not in page


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_journals(name: str, where: str, tmp_path: Path) -> None:
    good = json.dumps(EVENT).encode() + b"\n"
    path = tmp_path / "journal.jsonl"
    path.write_bytes(
        {"first": EVENTS[name] + good, "middle": good + EVENTS[name] + good, "last": good + EVENTS[name]}[where]
    )
    before = path.read_bytes()
    start = time.process_time()
    for read in (lambda: fold(read_journal(path)), lambda: JournalFeed(path).read()):
        try:
            read()
        except InputError as error:
            plain(str(error))
    # opening it to write never touches what is whole
    journal = Journal(path)
    journal.close()
    after = path.read_bytes()
    assert before.startswith(after) and (where == "first" or after.startswith(good))
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("name", ORDERS)
def test_orders(name: str) -> None:
    start = time.process_time()
    try:
        parse_command(ORDERS[name])
    except InputError as error:
        plain(str(error))
    assert time.process_time() - start < SECONDS


def test_the_cases_are_many() -> None:
    from .netlists import alone, lines

    assert len(lines()) + len(alone()) + len(YAML) + len(REPLIES) + 3 * len(EVENTS) + len(ORDERS) >= 300
    assert yaml.safe_load(SPEC)

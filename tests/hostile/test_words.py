"""What is said to the user: files that are no netlists are not repeated, commands are quoted for a shell, and brackets
are no markup.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from eda_agent.cli import main
from eda_agent.cli.say import command
from eda_agent.errors import InputError
from eda_agent.problem.draft import read_circuit
from eda_agent.problem.load import load_problem
from eda_agent.record.fold import fold
from eda_agent.record.repeat_commands import repeat_commands
from eda_agent.run.endpoints import check_endpoint

from .netlists import SOUND
from .test_netlists import SPEC

RUN = Path(__file__).parents[1] / "fixtures" / "run" / "ota"
SECRETS = {
    "shadow": "root:$6$hunter2:19000:0:99999:7:::\ndaemon:*hunter2:19000:0:99999:7:::\nbin:hunter2\nnobody:hunter2\n",
    "key": "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2aaaa\nbhunter2\n+hunter2\n-----END OPENSSH PRIVATE KEY-----\n",
    "environment": "export API_KEY=hunter2\nTOKEN=hunter2\nR=hunter2 a b c\n",
    "netrc": "machine x login y password hunter2\nrhunter2 hunter2\n",
}


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("way", ["circuit", "a link", "an include", "a deck"])
def test_a_file_that_is_no_netlist_is_not_repeated(
    kind: str, way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "private" / "file"
    secret.parent.mkdir()
    secret.write_text(SECRETS[kind])
    folder = tmp_path / "project"
    folder.mkdir()
    spec, netlist = SPEC, SOUND
    match way:
        case "circuit":
            spec = SPEC.replace("circuit: amp.spice", f"circuit: {secret}")
        case "a link":
            (folder / "link.spice").symlink_to(secret)
            spec = SPEC.replace("circuit: amp.spice", "circuit: link.spice")
        case "an include":
            spec += f"include: [{secret.parent}]\n"
            netlist = SOUND.replace(".ends", f".include {secret}\n.ends")
        case _:
            spec = SPEC.replace("drift: {template: reference}", f"drift: {{deck: {secret}, probes: {{out: b}}}}")
    (folder / "amp.spice").write_text(netlist)
    (folder / "spec.yaml").write_text(spec)
    assert main(["check", str(folder)]) == 2
    said = "".join(capsys.readouterr())
    assert said and "hunter2" not in said
    with pytest.raises(InputError) as error:
        load_problem(folder / "spec.yaml")
    assert "hunter2" not in str(error.value)
    try:
        read_circuit(secret, folder, "own")
    except InputError as refused:
        assert "hunter2" not in str(refused)


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "token: hunter2\n",
        "- hunter2\n",
        "name: x\ntoken: hunter2\nlogin: {password: hunter2}\n",
        "'hunter2",
        "hunter2: [",
        *SECRETS.values(),
    ],
)
def test_a_file_that_is_no_spec_is_not_repeated(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret").write_text(text)
    (tmp_path / "spec.yaml").symlink_to(tmp_path / "secret")
    assert main(["check", str(tmp_path)]) == 2
    said = "".join(capsys.readouterr())
    assert said and "hunter2" not in said.replace("hunter2: [", "")


def test_a_netlist_is_shown_where_it_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "amp.spice").write_text(SOUND.replace(".ends", "A1 a b\n.ends"))
    (tmp_path / "spec.yaml").write_text(SPEC)
    with pytest.raises(InputError, match=r"amp.spice:6: device 'a1' is refused.*read: A1 a b"):
        load_problem(tmp_path / "spec.yaml")


ODD = "a b; touch $(x) `y` 'z'"


def test_commands_are_quoted() -> None:
    assert shlex.split(command("size", "--resume", Path(ODD))) == ["eda-agent", "size", "--resume", ODD]
    assert command("check", "amp/spec.yaml") == "eda-agent check amp/spec.yaml"


def test_a_command_of_check_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a b; c"
    shutil.copytree(Path(__file__).parents[2] / "circuits" / "ota_5t", folder)
    assert main(["check", str(folder)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert shlex.split(last.partition("ready: ")[2]) == ["eda-agent", "size", str(folder)]


def test_a_journal_that_names_commands_is_quoted(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = [json.loads(line) for line in (RUN / "journal.jsonl").read_text().splitlines()]
    events[1]["policy"], events[1]["corner_set"] = ODD, "x; y"
    words = shlex.split(repeat_commands(fold(events)).splitlines()[1])
    assert words[words.index("--policy") + 1] == ODD and words[words.index("--corners") + 1] == "x; y"
    with pytest.raises(InputError) as error:
        check_endpoint("http://evil.example/; rm -rf x", tmp_path)
    assert "--endpoint 'http://evil.example/; rm -rf x'" in str(error.value)
    with pytest.raises(InputError, match="not given here before"):
        check_endpoint("http://[", tmp_path)


MARKUP = "[/] [link=http://x]y[/link] [bold red]:smile:"


@pytest.mark.parametrize("arguments", [["show"], ["runs"], ["compare"], ["show", "--turn", "3"]])
def test_brackets_in_the_words_of_a_journal_are_shown_as_they_are(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(RUN, folder)
    lines = []
    for line in (folder / "journal.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["type"] == "run.started":
            event["problem"] = event["policy"] = MARKUP
            for row in event["parameters"]:
                row["role"] = MARKUP
        lines.append(json.dumps(event))
    (folder / "journal.jsonl").write_text("\n".join(lines) + "\n")
    paths = [str(folder)] * (2 if arguments[0] == "compare" else 1)
    # at 80 columns a long folder takes the place of the problem's name
    monkeypatch.setenv("COLUMNS", "250")
    assert main([arguments[0], *paths, *arguments[1:]]) == 0
    said = capsys.readouterr().out
    assert "[/]" in said and "[bold" in said


def test_a_note_of_the_terminal_app_obeys_no_markup(tmp_path: Path) -> None:
    """A log message of a journal with a link in it would be an action of the app behind a click."""
    from textual.widgets._toast import Toast

    from eda_agent.tui.app import SizingApp
    from eda_agent.tui.feed import JournalFeed

    folder = tmp_path / "run"
    shutil.copytree(RUN, folder)
    evil = "[@click=app.quit]q[/] [/] \x1b[2J"
    with (folder / "journal.jsonl").open("a") as file:
        file.write(
            json.dumps({"v": 1, "seq": 9999, "t": 1.0, "type": "log", "level": "warning", "message": evil}) + "\n"
        )

    async def shown() -> list[str]:
        app = SizingApp(JournalFeed(folder / "journal.jsonl"), folder)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await pilot.pause(0.5)
            app.screen.notify(evil, title="t")
            await pilot.pause(0.3)
            return [str(toast.render()) for toast in app.screen.query(Toast)]

    said = asyncio.run(shown())
    assert said and all("[@click=app.quit]q[/] [/] \\x1b[2J" in text for text in said)

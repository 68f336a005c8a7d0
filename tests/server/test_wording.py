"""Every message of the program has words that a client of the server can use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import eda_agent
from eda_agent.errors import Finding, InputError, MissingError
from eda_agent.insight.next_step import next_steps
from eda_agent.option_words import COMMAND, OPTION
from eda_agent.server.confined import Root
from eda_agent.server.registry import ARGUMENTS, TOOLS
from eda_agent.server.wording import TOOL_OF, Wording

PACKAGE = Path(eda_agent.__file__).parent
ROOMS = ("problem", "simulation", "agent", "insight", "tools", "record", "run", "api")
"""Rooms whose messages a tool may pass on."""
NOT_HERE = {
    # of policies that the server does not start
    *("endpoint", "model", "price", "max-cost", "max-tokens", "headers", "script", "replay"),
    # of the machine: more workers, a cluster, a browser, containers, other programs' own options
    *("allow-code", "no-deps", "all-corners", "skip-corners", "diff"),
    *(
        "step",
        "mc-corner",
        "workers",
        "cluster",
        "pdf",
        "head",
        "trusted",
        "save",
        "process",
        "netlist",
        "timeout",
        "json",
        "events",
    ),
    # a property of CSS in a plot
    "spare",
}
"""Options that no tool has."""


OF_OTHERS = {
    *("record/repeat_commands.py", "record/report/print_pdf.py"),
    *("run/process.py", "run/schematic.py"),
}
"""Modules that make command lines."""


def messages() -> Iterator[tuple[str, str]]:
    """(file, text) of every text that is no docstring."""
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if str(path.relative_to(PACKAGE)) in OF_OTHERS:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node.value


def test_every_option_of_a_message_is_an_argument_of_a_tool(tmp_path: Path) -> None:
    words, commands = (
        Wording(Root(tmp_path), ARGUMENTS),
        {path.stem for path in (PACKAGE / "cli" / "commands").iterdir()},
    )
    seen, strange = 0, []
    for place, text in messages():
        for option in OPTION.findall(text):
            seen += 1
            if words.said(f"--{option}")[0] == "-" and option not in NOT_HERE:
                strange.append((place, option))
        named = commands.intersection(COMMAND.findall(text)) - {*TOOL_OF, "doctor", "train"}
        strange += [(place, name) for name in named]
    assert strange == [] and seen > 50


def test_a_message_has_no_words_of_a_shell(tmp_path: Path) -> None:
    words = Wording(Root(tmp_path), ARGUMENTS)
    text = f"{tmp_path}/a/spec.yaml: --force replaces it\n    → eda-agent mc {tmp_path}/a --samples 100"
    assert words.said(text) == "a/spec.yaml: force: true replaces it\n    → monte_carlo a samples 100"
    found = words.error(InputError(Finding("x", tmp_path / "a", 3, "--port", fix="--port vdd=…")))
    assert str(found) == "a:3: ports: x\n    → ports vdd=…"
    assert str(words.error(MissingError("pip install --no-deps x"))) == "pip install --no-deps x"
    code = "read m.py, then add --allow-code (or set EDA_AGENT_ALLOW_CODE=1)"
    assert "runs no code" in words.said(code)
    # words of others stay
    assert words.data({"reasoning": "--force", "sizes": [1.0, None, True]}) == {
        "reasoning": "--force",
        "sizes": [1.0, None, True],
    }


@pytest.mark.parametrize("stop", ["", "budget", "met", "no progress", "user"])
@pytest.mark.parametrize("met", [True, False])
def test_every_next_step_is_a_call_that_the_server_takes(tmp_path: Path, stop: str, met: bool) -> None:
    steps = next_steps(
        f"{tmp_path}/runs/a", stop=stop, met=met, policy="auto", budget=60, curve=[0.5] * 60,
        at_limit=[{"parameter": "W1", "side": "maximum"}],
    )  # fmt: skip
    for step, given in zip(Wording(Root(tmp_path), ARGUMENTS).data(steps), steps, strict=True):
        assert step["command"] is None and "--" not in step["text"]
        assert ("call" in step) == (given["command"] is not None)
        if "call" in step:
            schema = TOOLS[step["call"]["tool"]].schema
            arguments = step["call"]["arguments"]
            assert arguments.get("run", arguments.get("target")) == "runs/a"
            assert set(schema["required"]) <= set(arguments) <= set(schema["properties"])

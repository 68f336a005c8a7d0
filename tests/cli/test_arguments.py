"""The command line answers a slip with what was probably meant, in one message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.cli.commands import NAMES
from eda_agent.cli.other_words import OTHER_WORDS

from ..within import run

CIRCUIT = "circuits/two_stage_miller"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["siez", "x"], "did you mean size?"),
        (["size", CIRCUIT, "--policy", "trsut"], "did you mean trust?"),
        (["size", CIRCUIT, "--corners", "nominl"], "did you mean nominal?"),
        (["size", CIRCUIT, "--polcy", "trust"], "did you mean --policy?"),
        (["size"], "see eda-agent size --help"),
        (["size", "nothere.spice"], "check the path"),
        (["check", "circuits/ld"], "did you mean circuits/ldo?"),
        (["show", "tests/fixtures/run/oat"], "did you mean tests/fixtures/run/ota?"),
        (["front", "tests/fixtures/run/ota", "slew", "power"], "did you mean slew_rate_up or slew_rate_down?"),
        (["mc", "tests/fixtures/run/ota", "--corner", "ow"], "did you mean slow?"),
        (["export", "tests/fixtures/run/ota", "--fromat", "md"], "see eda-agent export --help"),
        (["sensitivity", CIRCUIT, "--corner", "fs"], "see eda-agent sensitivity --help"),
        (["diff", "tests/fixtures/run/ota"], "eda-agent export RUN --diff for the changed sizes"),
        (["sim", CIRCUIT, "--set", "W12=8"], "did you mean 8u?"),
        (["sim", CIRCUIT, "--set", "W21=8u"], "did you mean W12?"),
        (["size", f"{CIRCUIT}/two_stage_miller.spice"], f"eda-agent init {CIRCUIT}/two_stage_miller.spice"),
    ],
)
def test_a_slip_is_answered(words: list[str], expected: str) -> None:
    done = run(*words)
    assert done.returncode == 2 and expected in done.stderr
    assert len(done.stderr.splitlines()) == 2 and not done.stdout


def test_without_a_command_the_way_in_is_shown() -> None:
    done = run()
    assert done.returncode == 2 and "eda-agent init amp.spice" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh", "powershell"])
def test_completion_has_every_command(shell: str) -> None:
    script = run("completion", shell).stdout
    assert all(name in script for name in ("size", "sensitivity", "--policy" if shell != "fish" else "policy"))


def test_every_option_of_size_is_in_a_group() -> None:
    """A group of options has a heading; `options:` holds only the help."""
    words = run("size", "--help").stdout
    section = words.split("options:")[1].split("\n\n")[0]
    assert section.count("--") == 1 and "examples:" in words and Path(CIRCUIT).name in words


def test_another_programs_word_names_a_command_of_this_one() -> None:
    for word, told in OTHER_WORDS.items():
        named = re.findall(r"eda-agent ([a-z]+)", told)
        assert word not in NAMES and set(named) <= set(NAMES) and (named or word == "help")

"""Questions of `init` on a terminal: each guess is asked once, and an empty line takes it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from eda_agent.cli.say import prompt, say

if TYPE_CHECKING:
    from eda_agent.problem.draft import Answers, Guess


def asks(options: argparse.Namespace) -> bool:
    """Whether a person is there who can answer."""
    quiet = options.json or options.yes
    return not quiet and sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def question(kind: str, guesses: Sequence[Guess], answers: Answers) -> Answers | None:
    """Ask about every guess that an option can change. None if every guess is taken."""
    asked = [guess for guess in guesses if guess.option]
    if not asked:
        return None
    say(f"{kind or 'unknown kind of circuit'}. Enter takes the value in brackets.")
    result = answers
    for guess in asked:
        result = _asked(guess, result)
    return None if result is answers else result


def _asked(guess: Guess, answers: Answers) -> Answers:
    from eda_agent.errors import InputError

    hint = " (op-amp, comparator, ldo, bandgap, current-reference, oscillator, vco, tia, buffer, inverter)"
    words = f"{guess.what}{hint if guess.option == '--kind' else ''} [{guess.value}]: "
    while True:
        prompt(words)
        line = sys.stdin.readline()
        text = line.strip()
        if not text:
            return answers
        try:
            return _with(answers, guess, text)
        except InputError as error:
            say(f"  {error.findings[0]}")


def _with(answers: Answers, guess: Guess, text: str) -> Answers:
    """The answers with the reply to one guess. Raises `InputError` for a reply that cannot be read."""
    from eda_agent.problem.draft import read_answers

    if guess.option == "--port":
        return replace(answers, ports={**answers.ports, **read_answers(ports=[f"{guess.key}={text}"]).ports})
    if guess.option == "--bias":
        return replace(answers, bias={**answers.bias, **read_answers(bias=[f"{guess.key}={text}"]).bias})
    if guess.option == "--setting":
        told = read_answers(settings=[f"{guess.key}={text}"]).settings
        return replace(answers, settings={**answers.settings, **told})
    if guess.option == "--kind":
        return replace(answers, kind=read_answers(kind=text).kind)
    if guess.option == "--supply":
        return replace(answers, supply=read_answers(supply=text).supply)
    if guess.option == "--load":
        return replace(answers, load=read_answers(load=text).load)
    return replace(answers, vcm=read_answers(vcm=text).vcm)

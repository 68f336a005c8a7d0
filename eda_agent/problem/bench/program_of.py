"""The program of a deck is what its script, its `.meas` lines and its analyses do, compiled in one place."""

from __future__ import annotations

from eda_agent.errors import Finding
from eda_agent.problem.bench.noise_source import missing_sources
from eda_agent.problem.bench.reading import BenchText
from eda_agent.problem.script import Program, compile_script


def program_of(text: BenchText, findings: list[Finding], *, named: bool = False) -> Program:
    """Compile a deck.

    Args:
        text: the deck.
        findings: receives one finding for each line that cannot be read or that no simulation can use.
        named: whether the messages of the program name the file of a line.

    Returns:
        its program, without steps if it analyses nothing.
    """
    program = compile_script(
        text.script,
        text.measures,
        findings,
        analyses=text.analyses,
        fourier=text.fourier,
        constants=text.constants,
        named=named,
    )
    findings += missing_sources(text)
    return program

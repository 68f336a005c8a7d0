"""The baseline check judges, before a run and at sign-off, whether the testbenches test the circuit at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from eda_agent.errors import Finding, InputError
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.soundness import Observation, Soundness, judge, symptoms_of
from eda_agent.simulation.soundness.judgement import heading

ABOUT = "testbench"
"""Subject of this module's log events."""
FORCE = "--force sizes it anyway"


def check_baseline(evaluator: Evaluator, *, force: bool) -> Soundness:
    """Judge the testbenches at the start of a run.

    Raises:
        InputError: a testbench does not test the circuit and `force` is false.
    """
    found = judge(evaluator)
    if found.refused and not force:
        raise refusal(found)
    return found


def refusal(found: Soundness) -> InputError:
    """One message: the circuit's behaviour, what to check, how to continue."""
    *others, last = found.findings
    return InputError([*others, Finding(last.message, fix=f"{last.fix}; {FORCE}")])


def failed_checks(seen: Iterable[Observation]) -> list[str]:
    """The failed checks of one sizing, one sentence per kind."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for symptom in symptoms_of(seen):
        groups.setdefault((symptom.testbench, symptom.check), []).append((symptom.corner, symptom.did))
    # only the first symptom of a testbench: the others follow from it
    first: dict[str, list[tuple[str, str]]] = {}
    for (testbench, _), rows in groups.items():
        first.setdefault(testbench, rows)
    return [
        f"{heading([testbench])} in {_corners([corner for corner, _ in rows])}: {rows[0][1]}"
        for testbench, rows in first.items()
    ]


def _corners(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def warnings_of(found: Soundness) -> list[str]:
    """The warnings of a run that starts in spite of failed checks."""
    return [*(f"{replace(finding, fix='')} (forced)" for finding in found.findings), *found.notes]

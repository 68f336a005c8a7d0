"""A failure is a simulation without a result, as a value with its kind, the simulator's message, and a hint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

HINTS = {
    "no_convergence": "a device may be far out of its useful region; move towards the last sizing that worked",
    "singular": "a node has no DC path to ground, or two sources fight; check the netlist",
    "missing_model": "the model or its size bin is not in the library; check W and L against the PDK and the ranges",
    "timeout": "the circuit oscillates or barely converges; shorten the transient or raise budget.timeout",
    "crash": "ngspice ended unexpectedly; the worker was replaced",
    "absurd": "the solver returned numbers outside any circuit's range; treat the sizing as failed",
    "refused": (
        "a line of the deck or a command is not part of a simulation and was not passed to ngspice; check the netlist"
        " and the spec"
    ),
    "script": "the script of the deck does not end or asks for too much; correct that line",
    "syntax": "ngspice did not accept a card; see its message",
    "unknown": "ngspice gave no result and no reason; see its message",
}
"""Kind → hint."""

_PATTERNS = (
    (
        "missing_model",
        (
            r"could not find a valid modelname|unable to find definition of model|unknown subckt|no such model|can't"
            r" find model|invalid model"
        ),
    ),
    ("singular", r"singular matrix"),
    (
        "no_convergence",
        (
            r"timestep too small|no convergence|iteration limit|stepping failed|failed to converge|analysis"
            r" aborted|simulation\(s\) aborted|trouble with"
        ),
    ),
    (
        "syntax",
        (
            r"undefined parameter|cannot compute substitute|syntax error|unknown parameter|unrecognized|fatal"
            r" error|incomplete or empty netlist|error on line|numparam"
        ),
    ),
)
_NOISE = re.compile(
    r"^(std(out|err) )?(Note:|Doing analysis|No\. of Data|Circuit:|Reference value|Warning: can't find the"
    r" initialization|Using |Reducing trtol)"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """`kind` is a key of `HINTS`, `words` is ngspice's message, shortened."""

    kind: str
    words: str

    @property
    def hint(self) -> str:
        return HINTS[self.kind]

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')}: {self.words or 'no message'} → {self.hint}"


def classify(log: Sequence[str]) -> Failure:
    """The failure in the simulator's output."""
    lines = [line.removeprefix("stderr ").removeprefix("stdout ").strip() for line in log if not _NOISE.match(line)]
    text = "\n".join(lines).lower()
    kind = next((kind for kind, pattern in _PATTERNS if re.search(pattern, text)), "unknown")
    telling = [
        line
        for line in lines
        if line
        and re.search(
            r"error|warning|fail|singular|abort|find|undefined|unknown|converge|too small", line, re.IGNORECASE
        )
    ]
    return Failure(kind, " | ".join((telling or lines)[:4])[:400])


class SimulationFailed(Exception):
    """Carries a `Failure` out of the run of one deck."""

    def __init__(self, failure: Failure):
        super().__init__(str(failure))
        self.failure = failure

"""A suite is a list of circuits with their targets; a job is one run of one policy on one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from eda_agent.agent.policies.registry import POLICIES, known
from eda_agent.errors import Finding, InputError
from eda_agent.problem.located_node import read_plain
from eda_agent.problem.target import Target, read_targets

LEARNED = (
    "ota_5t",
    "two_stage_miller",
    "telescopic",
    "folded_cascode",
    "current_mirror_ota",
    "strongarm",
    "ldo",
    "ring_vco",
)
UNSEEN = ("three_stage_nmc", "class_ab_output", "recycling_folded_cascode", "tia")
"""Circuits that no model of ours is trained on."""
FRESH = (
    "rail_to_rail",
    "ldo_buffered",
    "current_reference",
    "hysteresis_comparator",
    "ring_current_load",
    "tia_cascode",
)
"""Circuits drawn for a last comparison: no model is trained on them and no policy was chosen by them."""
HELD_OUT = UNSEEN + FRESH
"""No model may be trained on these."""
SHIPPED = LEARNED + HELD_OUT


@dataclass(frozen=True)
class Job:
    """One run: `target` is a name in the targets of `spec`, "" for the spec itself."""

    spec: str
    targets: str
    target: str
    policy: str
    seed: int
    budget: int

    @property
    def key(self) -> str:
        return f"{Path(self.spec).parent.name}/{self.target}/{self.policy}/{self.seed}/{self.budget}"


@dataclass(frozen=True)
class Suite:
    """(spec file, targets file or None) of each circuit."""

    name: str
    tasks: tuple[tuple[Path, Path | None], ...]


def read_suite(name: str) -> Suite:
    """`all`, `learned`, `unseen`, `fresh`, one shipped circuit, or a YAML file. Raises `InputError`."""
    shipped = Path(str(resources.files("eda_agent.circuits")))
    groups = {
        "all": LEARNED + UNSEEN,
        "learned": LEARNED,
        "unseen": UNSEEN,
        "fresh": FRESH,
        **{one: (one,) for one in SHIPPED},
    }
    if name in groups:
        return Suite(name, tuple((shipped / one / "spec.yaml", shipped / one / "targets.json") for one in groups[name]))
    path = Path(name)
    if not path.is_file():
        raise InputError(
            Finding(
                f"no suite {name!r}",
                fix=f"all, learned, unseen, fresh, a circuit ({', '.join(SHIPPED)}), or a YAML file",
            )
        )
    data = read_plain(path)
    try:
        tasks = tuple(
            (path.parent / entry["spec"], path.parent / entry["targets"] if "targets" in entry else None)
            for entry in data["tasks"]
        )
    except (KeyError, TypeError):
        raise InputError(
            Finding("this is not a suite", path, fix="write  tasks: [{spec: a/spec.yaml, targets: a/targets.json}]")
        ) from None
    return Suite(path.stem, tasks)


def jobs_of(suite: Suite, policies: Sequence[str], seeds: int, budget: int, targets: int) -> list[Job]:
    """All runs, those of the first targets first. `targets`: maximum per circuit, uniform and tight alternately."""
    unknown = [name for name in policies if not known(name)]
    if unknown:
        raise InputError(f"unknown policy {', '.join(unknown)}\n    → known: {', '.join(POLICIES)}")
    names: dict[Path, list[str]] = {}
    for spec, file in suite.tasks:
        names[spec] = [target.name for target in _in_turn(read_targets(file))] if file is not None else [""]
    return [
        Job(str(spec), str(file or ""), names[spec][number], policy, seed, budget)
        for number in range(targets)
        for seed in range(seeds)
        for policy in policies
        for spec, file in suite.tasks
        if number < len(names[spec])
    ]


def _in_turn(targets: Sequence[Target]) -> list[Target]:
    kinds = [[target for target in targets if target.kind == kind] for kind in ("uniform", "tight")]
    result = [target for pair in zip(*kinds, strict=False) for target in pair]
    return result + [target for target in targets if target not in result]

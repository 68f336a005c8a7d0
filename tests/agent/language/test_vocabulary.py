"""The ids of the compact language are pinned: the shipped weights mean nothing under other ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eda_agent.agent.language import words
from eda_agent.agent.policies.surrogate_checkpoint import FILE, find, structure_key
from eda_agent.metrics import METRICS
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import QUANTITIES

PINNED = json.loads(Path(__file__).with_name("vocabulary.json").read_text(encoding="utf-8"))
WEIGHTS = Path(words.__file__).with_name("weights")


def test_the_version_is_the_one_that_is_pinned() -> None:
    assert PINNED["version"] == words.VERSION


def test_every_range_of_ids_stays_where_it_is() -> None:
    assert {name: list(place) for name, place in words.RANGES.items()} == PINNED["ranges"]


@pytest.mark.parametrize(
    "name",
    [
        "KINDS",
        "COLUMNS",
        "ROLES",
        "SENSES",
        "TYPES",
        "MARGINS",
        "CHANGES",
        "STEPS",
        "SCORES",
        "GM_ID",
        "SATURATION",
        "UNKNOWN",
    ],
)
def test_every_list_behind_the_ids_stays_as_it_is(name: str) -> None:
    assert list(getattr(words, name)) == PINNED[name]


def test_the_quantities_of_parameters_stay_as_they_are() -> None:
    assert list(QUANTITIES) == PINNED["QUANTITIES"]


def test_metrics_are_only_ever_appended() -> None:
    names = sorted(words.METRIC_IDS, key=words.METRIC_IDS.__getitem__)
    assert names[: len(PINNED["METRIC_NAMES"])] == PINNED["METRIC_NAMES"]
    assert (
        sorted(words.METRIC_IDS.values()) == list(range(1, len(names) + 1)) and len(names) < words.RANGES["metric"][1]
    )
    assert set(names) <= set(METRICS), "a metric of the vocabulary no longer exists"


def test_another_metric_of_the_program_moves_no_id() -> None:
    """The table does not depend on what else the program can measure."""
    assert {name: place + 1 for place, name in enumerate(PINNED["METRIC_NAMES"])} == words.METRIC_IDS
    assert words.METRIC_IDS["bandwidth"] == 1 and words.METRIC_IDS["transimpedance"] == 36


def test_the_shipped_surrogates_know_their_circuits_by_the_same_keys(problems: dict[str, Problem]) -> None:
    """A fingerprint that changes would leave the surrogates unused without a word."""
    assert {name: structure_key(problems[name]) for name in PINNED["circuits"]} == PINNED["circuits"]
    assert all(find(WEIGHTS / FILE, problems[name]) is not None for name in PINNED["circuits"])

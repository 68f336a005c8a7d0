"""A short run of the attacks that `python -m tests.hostile.attack` makes by the thousand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .attack import files, folders, netlists
from .attack.count import Attack, count


def some(attacks: Iterator[Attack], every: int) -> Iterator[Attack]:
    return (attack for number, attack in enumerate(attacks) if number % every == 0)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("netlists", lambda place: netlists.netlist_attacks(place, 60, seed=11, simulated=5)),
        ("names", lambda place: netlists.name_attacks(place, 60, seed=12)),
        ("measures", lambda place: netlists.measure_attacks(place, 40, seed=13)),
        ("gate", lambda place: netlists.gate_attacks(place, 200, seed=14)),
        ("folders", lambda place: some(folders.folder_attacks(place), 31)),
        ("environments", lambda place: some(folders.environment_attacks(place), 97)),
        ("orders", lambda place: folders.order_attacks(200, seed=15)),
        ("specs", lambda place: some(files.spec_attacks(place), 499)),
        ("yaml", lambda place: some(files.other_attacks(place), 149)),
    ],
)
def test_nothing_comes_through(name: str, make: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(make)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("EDA_AGENT_CONFIG", str(tmp_path))
    found = count(name, make(tmp_path))
    assert found.tried > 5 and not found.faults


def test_the_counts_know_a_fault(tmp_path: Path) -> None:
    """Attacks that succeed are counted as such."""

    def raises() -> str:
        return str({}["x"])

    def writes() -> str:
        (tmp_path / "canary").touch()
        return ""

    made: list[Attack] = [
        ("raises", raises),
        ("steers", lambda: "\x1b[2J"),
        ("writes", writes),
        ("holds", lambda: "no"),
    ]
    found = count("faults", iter(made), tmp_path / "canary")
    assert set(found.faults) == {"raises", "steers", "writes"} and found.tried == 4

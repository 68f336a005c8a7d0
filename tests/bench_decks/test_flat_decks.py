"""A flat deck is its own testbench: every number is that which `ngspice -b` prints for the deck as it was written, to
its last digit.
"""

import re
from pathlib import Path

import pytest

from benchmarks.beside_ngspice import library
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.run.own_deck import try_own_deck

from .test_equal_to_ngspice import as_printed, printed

DECKS = Path(__file__).parent / "flat"
NAMES = sorted(path.stem for path in DECKS.glob("*.spice"))
_LIBRARY = re.compile(r"^\.lib .*sky130.*$", re.MULTILINE)
_PLACE = re.compile(r"_(?:([mqrjl]_)x1_(?=x)|[mqrjl]_x1_)")


def theirs(deck: Path, folder: Path) -> dict[str, str]:
    """What plain ngspice prints for the deck, with the library of this machine."""
    text = deck.read_text(encoding="utf-8")
    plain = folder / "plain" / deck.name
    plain.parent.mkdir()
    plain.write_text(_LIBRARY.sub(lambda found: library(text, [found[0]]), text), encoding="utf-8")
    return printed(plain)


def ours(deck: Path, folder: Path) -> tuple[dict[str, float], list[str]]:
    draft = read_circuit(deck, folder)
    assert draft.own_bench is not None, draft.changed
    spec = folder / "spec.yaml"
    spec.write_text(write_draft(draft, draft.source.name), encoding="utf-8")
    found = try_own_deck(load_problem(spec))
    # a device has its place in the name of a result
    values = {_PLACE.sub(r"_\1", f"_{name}").strip("_"): row[0] for name, row in found.results["tb"].items()}
    return values, list(found.messages)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_the_deck_as_it_was_written(name: str, tmp_path: Path) -> None:
    deck = DECKS / f"{name}.spice"
    expected = theirs(deck, tmp_path)
    values, messages = ours(deck, tmp_path)
    assert len(expected) > 2, "ngspice printed nothing: the deck is wrong"
    different = {
        key: (text, as_printed(values[key], text) if key in values else None)
        for key, text in expected.items()
        if key not in values or as_printed(values[key], text) != text
    }
    assert not different, (different, messages)
    assert not messages

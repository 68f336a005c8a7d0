"""The form says what its draft has guessed and what a layout cannot follow; options are explained where none is."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("klayout.db")
from eda_agent.klayout import draft_words  # needs pya
from eda_agent.run.drafting import draft_spec
from tests.conftest import CIRCUITS


def test_the_guesses_of_a_draft_are_in_one_line(tmp_path: Path) -> None:
    drafted = draft_spec(CIRCUITS / "ota_5t" / "ota_5t.spice", tmp_path / "spec.yaml", simulate=False)
    line = draft_words.guesses(drafted)
    assert line.startswith("Guessed: ") and "load 1 pF" in line and "common mode 1.65 V" in line
    assert "load 1 pF: a common value" in draft_words.reasons(drafted).splitlines()
    assert draft_words.guesses({}) == draft_words.reasons({}) == ""


def test_free_numbers_of_copies_are_named() -> None:
    rows = [{"name": "W"}, {"name": "m5"}, {"name": "m7"}]
    assert draft_words.copies({"parameters": rows, "drawn": {"copies": ["m5", "m7"]}}).startswith("m5, m7: ")
    assert draft_words.copies({"parameters": rows, "drawn": None}) == ""


def test_an_option_is_explained() -> None:
    said = draft_words.in_terminal("no process\n\n--pdk gf180mcuD or sky130A", Path("/a b/x.cir"))
    assert "eda-agent init '/a b/x.cir' …" in said and "If the file is no netlist" in said
    assert draft_words.in_terminal("there is no circuit", Path("x.cir")) == "there is no circuit"

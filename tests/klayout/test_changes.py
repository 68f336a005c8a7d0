"""The rows of a preview: nothing is lost by grouping, and each row is one device and one change."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pya
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.klayout.changes import rows
from eda_agent.klayout.plan import OVERLAP, Change, Plan, unchanged
from eda_agent.klayout.table import Table, read_table

TABLE = Table("", {}, {"w": "wide"}, 1e-6)
SIZES = st.dictionaries(st.sampled_from(["w", "l"]), st.tuples(*[st.sampled_from([0.5, 1.0, 2.25])] * 2), min_size=1)
DEVICES = st.tuples(st.sampled_from(["xm1", "xm2", "cc"]), st.booleans(), SIZES)


def change(name: str, dummy: bool, sizes: dict[str, Any]) -> Change:
    before = {key: one for key, (one, _) in sizes.items()}
    after = {key: other for key, (_, other) in sizes.items()}
    shown = f"{name} dummy" if dummy else name
    return Change(shown, None, before, after, pya.Box(), pya.Box())  # type: ignore[arg-type]  # rows read no instance


@given(st.lists(DEVICES, max_size=20))
def test_every_pcell_is_counted_once_in_the_row_of_its_change(found: list[tuple[str, bool, dict[str, Any]]]) -> None:
    table = rows([change(*one) for one in found], TABLE)
    wanted = Counter((name, dummy, tuple(sorted(sizes.items()))) for name, dummy, sizes in found)
    names = [heading.removesuffix(", µm") for heading in table.headings[2:]]
    counted: Counter[Any] = Counter()
    for device, count, *cells in table.cells:
        pairs = {name: cell.split(" → ") for name, cell in zip(names, cells, strict=True) if cell}
        sizes = tuple(sorted((name, (float(one), float(other))) for name, (one, other) in pairs.items()))
        for words in count.split(" + "):
            counted[device, "dumm" in words, sizes] += int(words.split()[0])
    assert counted == wanted and table.pcells == len(found)
    # as few rows as there are changes of devices
    assert len(table.cells) == len({(name, sizes) for name, _, sizes in wanted})


def test_words_for_people() -> None:
    one = {"width": (47.4, 31.2)}
    table = rows([change("xm6", False, one), change("xm6", False, one), change("xm6", True, one)], TABLE)
    assert table.headings == ("device", "PCells", "width, µm")
    assert table.cells == (("xm6", "2 + 1 dummy", "47.4 → 31.2"),)
    assert table.title == "1 device with 3 PCells"
    # values that are texts have their unit
    assert rows([change("m1", False, {"wr": ("1u", "2u")})], TABLE).headings[2] == "wr"


@pytest.mark.parametrize("name", ["sky130A", "gf180mcuD", "ihp-sg13g2", "demonstration"])
def test_a_width_says_of_how_many_fingers(name: str) -> None:
    rules = read_table(name)
    width = rules.parameters["w"]
    assert (
        rows([change("m1", False, {width: (1.0, 2.0)})], rules)
        .headings[2]
        .startswith(f"{width} of {'one finger' if rules.finger else 'all fingers'}")
    )
    assert rows([change("m1", False, {rules.parameters["l"]: (1.0, 2.0)})], rules).headings[2].count(" of ") == 0


def test_the_reasons_after_a_write_back_are_of_what_is_drawn() -> None:
    plan = Plan(conflicts=[(f"a and b {OVERLAP}", pya.Box())] * 2)
    assert plan.reasons == ["Conflicts of the write-back, which may join or part nets:", "a and b overlap (2 times)"]
    # nothing to write, and what to do about a missing device
    assert unchanged(Plan(), "") == "Every device already has the sizes of the run."
    assert "'Place a sized circuit'" in unchanged(Plan(missing=["rz"]), "not in the layout: rz")

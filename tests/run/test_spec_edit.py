"""Editing a spec by keys: the result is the merge patch of the data, and all other characters stay."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.errors import InputError
from eda_agent.run.spec_edit import edit_spec, edited

from ..conftest import CIRCUITS

SPEC = """\
# a title that stays
name: amp   # its name
parameters:
  W1: {min: 1u, max: 0.10m, scale: log}  # pair

  # of the load
  W2:
    min: 2u   # fab
    max: 9u
specs:
  gbw: {testbench: loop, minimum: 10M, unit: Hz}  # now 8 MHz
  power: {maximum: 1m}
corners: [nominal]
"""


def patched(old: Any, patch: Any) -> Any:
    """RFC 7396, as its appendix has it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = patched(result.get(key), value)
    return result


LEAF = st.none() | st.integers(-9, 9) | st.sampled_from(["20M", "a: b", "x # y", "yes", "", "-", "1e3", "[", "ä"])
KEYS = st.sampled_from(["gbw", "power", "W1", "W2", "min", "max", "unit", "minimum", "new", "a b"])
SECTION = st.dictionaries(KEYS, st.dictionaries(KEYS, LEAF, max_size=3) | LEAF, max_size=3)
PATCH = st.dictionaries(
    st.sampled_from(["parameters", "specs", "corners", "name", "budget"]), SECTION | LEAF, max_size=3
)


@settings(max_examples=200, deadline=None)
@given(PATCH)
def test_the_text_is_the_merge_patch_of_its_data(patch: dict[str, Any]) -> None:
    found = yaml.safe_load(edited(SPEC, patch))
    want = patched(yaml.safe_load(SPEC), patch)
    # an emptied block mapping reads as null
    assert _full(found) == _full(want)


def _full(data: Any) -> Any:
    return {key: one or None for key, one in data.items()} if isinstance(data, dict) else data or None


def test_what_is_not_named_stays_as_it_is_written() -> None:
    new = edited(
        SPEC,
        {
            "specs": {"gbw": {"minimum": "20M"}, "power": None, "slew": {"minimum": 5}},
            "parameters": {"W2": {"max": "8u"}},
        },
    )
    assert new == SPEC.replace("minimum: 10M", "minimum: 20M").replace("max: 9u", "max: 8u").replace(
        "  power: {maximum: 1m}\n", "  slew: {minimum: 5}\n"
    )


def test_a_fault_changes_nothing(tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "amp")
    spec = tmp_path / "amp" / "spec.yaml"
    before = spec.read_text()
    with pytest.raises(InputError, match="did you mean gbw") as error:
        edit_spec(spec, {"specs": {"gbv": {"minimum": 1}}})
    assert "nothing was changed" in str(error.value) and ".edit" not in str(error.value)
    assert spec.read_text() == before and sorted(path.name for path in spec.parent.glob(".*")) == []
    problem = edit_spec(spec, {"specs": {"gbw": {"minimum": "77M"}}, "budget": {"simulations": 7}})
    assert next(one for one in problem.specs if one.name == "gbw").minimum == 77e6
    assert problem.budget.simulations == 7

"""`doctor` says which versions do not fit; packaging, an independent reader, agrees."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from eda_agent.cli.versions import too_old, unfit

RELEASE = st.lists(st.integers(0, 30), min_size=1, max_size=3).map(lambda found: ".".join(map(str, found)))
SIGN = st.sampled_from([">=", "<=", "==", "<", ">"])


@given(RELEASE, SIGN, RELEASE, SIGN, RELEASE)
def test_bounds_are_read_as_packaging_reads_them(version: str, a: str, one: str, b: str, other: str) -> None:
    bounds = f"{a}{one},{b}{other}"
    found = list(unfit([f"name{bounds}"], lambda _: version))
    assert (not found) == SpecifierSet(bounds).contains(version)


def test_what_is_missing_is_named_and_extras_are_left_out() -> None:
    def installed(name: str) -> str:
        raise ModuleNotFoundError(name)

    assert list(unfit(["rich>=14", "torch>=2; extra == 'bo'"], installed)) == [("rich", "", ">=14")]


def test_versions_of_ngspice() -> None:
    assert too_old("31") and too_old("38+")
    assert not any(map(too_old, ("39", "39.3", "44.2", "unknown")))

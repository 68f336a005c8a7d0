"""Engineering numbers, in the spec dialect and in SPICE's."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.units import QuantityError, counted, format_quantity, parse_quantity, parse_spice_number


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("4.7u", "m", 4.7e-6), ("10M", "Hz", 10e6), ("10 MHz", "Hz", 10e6), ("10m", "m", 0.01), ("10mm", "m", 0.01), ("200uW", "W", 200e-6),
        ("1e-6", "F", 1e-6), ("2pF", "F", 2e-12), ("60dB", "dB", 60), ("5 V/us", "V/s", 5e6), ("3k", "Ohm", 3e3), ("1.5 kΩ", "Ohm", 1.5e3),
        ("10MEG", "Hz", 10e6), ("-40", "degC", -40), (".5µ", "m", 0.5e-6), ("80n", "V/√Hz", 80e-9), ("400p", "m²", 400e-12),
    ],
)  # fmt: skip
def test_reads(text: str, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "says"),
    [
        ("10m", "Hz", "did you mean 10M"),
        ("10M", "F", "did you mean 10m"),
        ("4 V", "A", "unit 'V'"),
        ("abc", "V", "not a number"),
        ("1x", "V", "unknown unit"),
        ("inf", "V", "not a number"),
        ("1e400", "V", "finite"),
    ],
)
def test_refuses_and_says_what_to_write(text: str, unit: str, says: str) -> None:
    with pytest.raises(QuantityError, match=says):
        parse_quantity(text, unit)


@pytest.mark.parametrize(
    ("text", "value"),
    [("10M", 10e-3), ("10MEG", 10e6), ("10m", 10e-3), ("4U", 4e-6), ("1mil", 25.4e-6), ("3kohm", 3e3), ("2pF", 2e-12), ("1e3k", 1e6)],
)
def test_spice_reads_m_as_milli(text: str, value: float) -> None:
    assert parse_spice_number(text) == value


def test_names_are_no_spice_numbers() -> None:
    assert parse_spice_number("w12") is None
    assert parse_spice_number("{w}") is None


@given(st.floats(1e-17, 9e14))
def test_written_and_read_again_is_the_same_to_its_digits(value: float) -> None:
    assert math.isclose(parse_quantity(format_quantity(value, digits=6)), value, rel_tol=1e-5)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (4.7e-6, "m", "4.7 um"),
        (999.96e3, "Hz", "1 MHz"),
        (60.0, "dB", "60 dB"),
        (None, "V", "—"),
        (4e-12, "m²", "4 µm²"),
        (0, "V", "0 V"),
        (1.0, "", "1"),
    ],
)
def test_writes(value: float | None, unit: str, text: str) -> None:
    assert format_quantity(value, unit) == text


@pytest.mark.parametrize("text", ["7E7" + "7" * 40, "0E" + "0" * 40 + "2" + "0" * 26, "1e-" + "9" * 60, "9" * 400 + "k"])
def test_exponents_beyond_any_number_are_said_and_not_raised(text: str) -> None:
    assert parse_spice_number(text) in (None, 0.0, float("inf"))
    with contextlib.suppress(QuantityError):
        assert parse_quantity(text, "m") == 0.0


@pytest.mark.parametrize(("number", "text"), [(0, "0 turns"), (1, "1 turn"), (2, "2 turns")])
def test_counts_in_english(number: int, text: str) -> None:
    assert counted(number, "turn") == text

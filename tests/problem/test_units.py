"""Engineering numbers, in the spec dialect and in SPICE's."""

import contextlib
import math
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.spice_numbers import command_number, parse_spice_number
from eda_agent.units import PLAIN, UNITS, QuantityError, counted, format_quantity, parse_quantity, read_unit


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("4.7u", "m", 4.7e-6),
        ("10M", "Hz", 10e6),
        ("10 MHz", "Hz", 10e6),
        ("10m", "m", 0.01),
        ("10mm", "m", 0.01),
        ("200uW", "W", 200e-6),
        ("1e-6", "F", 1e-6),
        ("2pF", "F", 2e-12),
        ("60dB", "dB", 60),
        ("5 V/us", "V/s", 5e6),
        ("5 V/ns", "V/s", 5e9),
        ("5", "V/ms", 5e3),
        ("3k", "Ohm", 3e3),
        ("1.5 kΩ", "Ohm", 1.5e3),
        ("10MEG", "Hz", 10e6),
        ("-40", "degC", -40),
        (".5µ", "m", 0.5e-6),
        ("80n", "V/√Hz", 80e-9),
        ("400p", "m²", 400e-12),
    ],
)
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
    [
        ("10M", 10e-3),
        ("10MEG", 10e6),
        ("10m", 10e-3),
        ("4U", 4e-6),
        ("1mil", 25.4e-6),
        ("3kohm", 3e3),
        ("2pF", 2e-12),
        ("1e3k", 1e6),
    ],
)
def test_spice_reads_m_as_milli(text: str, value: float) -> None:
    assert parse_spice_number(text) == value


def test_names_are_no_spice_numbers() -> None:
    assert parse_spice_number("w12") is None
    assert parse_spice_number("{w}") is None


SCALED = ("mV", "uV", "kHz", "mV/V", "um", "uA/um", "mm²", "V/us", "kV/us", "V/ns", "V/ms", "A/um")
SHOWN = st.sampled_from(sorted(set(UNITS.values()) | set(SCALED)))
NUMBER = r"-?\d+(\.\d+)?"


@contextlib.contextmanager
def doubted() -> Iterator[None]:
    """A megaampere is read as a mistake for a milliampere, and is refused for that alone."""
    try:
        yield
    except QuantityError as error:
        if "did you mean" not in str(error):
            raise


def in_range(unit: str, value: float) -> bool:
    """Whether prefixes serve: what lies outside is written as 0 or as over the largest."""
    if unit in PLAIN or unit == "mV/V":
        return 1e-9 <= value < 1e9
    shown = read_unit(unit)
    if shown.base == "m²":
        return 1e-39 <= value < 1e30
    # the numbers in V/us are smaller than those in V/s
    return 1e-21 * max(float(read_unit(shown.stem).factor), 1.0) <= value < 1e17


@given(SHOWN, st.floats(-36, 29), st.floats(1, 9.999), st.integers(1, 8), st.booleans())
def test_written_and_read_again_is_the_same_to_its_digits(
    unit: str, power: float, lead: float, digits: int, negative: bool
) -> None:
    value = lead * 10.0 ** math.floor(power)
    text = format_quantity(-value if negative else value, unit, digits)
    number, _, written = text.partition(" ") if unit else (text, "", "")
    if not in_range(unit, value):
        return
    assert re.fullmatch(NUMBER if unit else NUMBER + "[afpnumkMGT]?", number), text
    with doubted():
        assert math.isclose(parse_quantity(text, unit), -value if negative else value, rel_tol=10.0 ** (1 - digits)), (
            text
        )
    if unit in PLAIN:
        assert written == unit
    elif unit and unit not in SCALED and 1e-18 <= value < 1e14 and unit not in {"m", "m²"}:
        assert 1 <= float(number.lstrip("-")) < 1000, text
    if unit in SCALED and 1e-3 <= value / float(read_unit(unit).factor) < 1e6:
        assert written == unit


@given(SHOWN, st.floats(allow_nan=False), st.integers(1, 8))
def test_nothing_is_ever_written_with_an_exponent(unit: str, value: float, digits: int) -> None:
    assert not re.search(r"\de[+-]?\d", format_quantity(value, unit, digits))


@given(
    st.sampled_from(sorted(UNITS)),
    st.integers(1, 999),
    st.sampled_from(["a", "f", "p", "n", "u", "µ", "m", "", "k", "M", "G", "T"]),
)
def test_every_spelling_is_read(spelling: str, number: int, prefix: str) -> None:
    unit = read_unit(spelling)
    text = f"{number} {prefix}{spelling}"
    # 10 m is ten millimetres
    if (prefix and unit.name in PLAIN) or not unit.name or (prefix, unit.name) == ("", "m"):
        return
    scale = {"a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12}[
        prefix
    ]
    wanted = number * float(unit.factor) * 10.0 ** (scale * (2 if unit.base == "m²" else 1))
    with doubted():
        assert parse_quantity(text, unit.base) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("5", "mV", 5e-3),
        ("5V", "mV", 5.0),
        ("7", "V/us", 7e6),
        ("7", "V/µs", 7e6),
        ("4 µm²", "m²", 4e-12),
        ("2", "mV/V", 2e-3),
        ("3k", "V/us", 3e9),
    ],
)
def test_a_bare_number_is_in_the_unit_that_is_written_beside_it(text: str, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit"), [("5m", "mV"), ("1 kppm/K", "ppm/K"), ("3 mdB", "dB"), ("2k%", "%"), ("1 Mdeg", "deg")]
)
def test_a_prefix_stands_only_where_the_unit_takes_one(text: str, unit: str) -> None:
    with pytest.raises(QuantityError):
        parse_quantity(text, unit)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (4.7e-6, "m", "4.7 um"),
        (999.96e3, "Hz", "1 MHz"),
        (60.0, "dB", "60 dB"),
        (None, "V", "—"),
        (4e-12, "m²", "4 um²"),
        (0, "V", "0 V"),
        (1.0, "", "1"),
        (1.2e4, "%", "12000 %"),
        (6e-283, "V/√Hz", "0 V/√Hz"),
        (0.02, "ppm/K", "0.02 ppm/K"),
        (12e3, "ppm/K", "12000 ppm/K"),
        (5e6, "V/us", "5 V/us"),
        (1.2e5, "V/us", "0.12 V/us"),
        (1.5, "mV", "1500 mV"),
        (2e-9, "mV", "2 nV"),
        (5e-5, "V/V", "0.00005 V/V"),
        (150.0, "Hz", "150 Hz"),
        (1e20, "Hz", "over 1000000 THz"),
        (2e12, "%", "over 1000000000 %"),
        (-math.inf, "V", "-inf V"),
    ],
)
def test_writes(value: float | None, unit: str, text: str) -> None:
    assert format_quantity(value, unit) == text


@pytest.mark.parametrize(
    "text", ["7E7" + "7" * 40, "0E" + "0" * 40 + "2" + "0" * 26, "1e-" + "9" * 60, "9" * 400 + "k"]
)
def test_exponents_beyond_any_number_are_said_and_not_raised(text: str) -> None:
    assert parse_spice_number(text) in (None, 0.0, float("inf"))
    with contextlib.suppress(QuantityError):
        assert parse_quantity(text, "m") == 0.0


@pytest.mark.parametrize(("number", "text"), [(0, "0 turns"), (1, "1 turn"), (2, "2 turns")])
def test_counts_in_english(number: int, text: str) -> None:
    assert counted(number, "turn") == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("11n", 11 * 10.0**-9), ("6.1n", (6 + 1 * 10.0**-1) * 10.0**-9), ("-2mil", -(2 * 25.4) * 10.0**-6), ("3meg", 3e6)],
)
def test_a_number_of_a_command_has_the_last_bit_that_ngspice_gives_it(text: str, value: float) -> None:
    assert command_number(text) == value


@given(st.from_regex(r"[+-]?[0-9]{1,6}(\.[0-9]{0,6})?(e[+-]?[0-9]{1,2}|[fpnumkgt]|meg)?", fullmatch=True))
def test_a_number_of_a_command_is_the_number_of_a_netlist_up_to_its_last_bits(text: str) -> None:
    plain, found = parse_spice_number(text), command_number(text)
    assert plain is not None and found is not None and math.isclose(plain, found, rel_tol=1e-14)


def test_a_number_of_a_command_that_is_none_or_too_large_is_that_of_a_netlist() -> None:
    for text in ("out", "", "1e400", "1e-400", "1" * 400, "1e99999"):
        assert command_number(text) == parse_spice_number(text)

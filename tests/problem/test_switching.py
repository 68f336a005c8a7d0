"""The switch-level model against truth: random complementary networks against their formula, latches, and rings."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.problem.structure.circuit import Fet, Passive, Structure
from eda_agent.problem.structure.switching import levels, ring, sensitised

INPUTS = "abcd"


def _pull(tree: Any, kind: str, top: str, bottom: str, fets: list[Fet], bulk: str) -> None:
    """Devices that join two nets if the tree is true (nmos), or its complement with series and parallel exchanged."""
    if isinstance(tree, str):
        fets.append(Fet(f"m{len(fets)}", kind, top, tree, bottom, bulk))
        return
    operator, left, right = tree
    if (operator == "and") == (kind == "nmos"):
        middle = f"{kind}_{len(fets)}_{top}_{bottom}"
        _pull(left, kind, top, middle, fets, bulk)
        _pull(right, kind, middle, bottom, fets, bulk)
    else:
        _pull(left, kind, top, bottom, fets, bulk)
        _pull(right, kind, top, bottom, fets, bulk)


def gate(tree: Any) -> Structure:
    fets: list[Fet] = []
    _pull(tree, "nmos", "out", "vss", fets, "vss")
    _pull(tree, "pmos", "out", "vdd", fets, "vdd")
    return Structure((*INPUTS, "out", "vdd", "vss"), tuple(fets), (), "vdd", "vss")


def true(tree: Any, given: Mapping[str, int]) -> bool:
    if isinstance(tree, str):
        return bool(given[tree])
    operator, left, right = tree
    both = true(left, given), true(right, given)
    return all(both) if operator == "and" else any(both)


TREES = st.recursive(
    st.sampled_from(INPUTS), lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner), max_leaves=6
)


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_a_complementary_network_computes_its_formula(tree: Any) -> None:
    circuit = gate(tree)
    for bits in itertools.product((0, 1), repeat=len(INPUTS)):
        given_ = dict(zip(INPUTS, bits, strict=True))
        assert levels(circuit, given_)["out"] == int(not true(tree, given_))


@settings(max_examples=60, deadline=None)
@given(TREES, st.sampled_from(INPUTS))
def test_an_input_is_sensitised_if_and_only_if_the_formula_depends_on_it(tree: Any, one: str) -> None:
    others = [name for name in INPUTS if name != one]
    found = sensitised(gate(tree), one, "out", others, {})
    ways = [dict(zip(others, bits, strict=True)) for bits in itertools.product((0, 1), repeat=3)]
    depends = [way for way in ways if true(tree, {**way, one: 0}) != true(tree, {**way, one: 1})]
    assert (found is not None) == bool(depends) and (found is None or found in depends)


def inverter(source: str, target: str, low: str = "vss", high: str = "vdd") -> list[Fet]:
    return [
        Fet(f"n{target}", "nmos", target, source, low, "vss"),
        Fet(f"p{target}", "pmos", target, source, high, "vdd"),
    ]


def of(fets: list[Fet], ports: tuple[str, ...] = ("vdd", "vss"), passives: tuple[Passive, ...] = ()) -> Structure:
    return Structure(ports, tuple(fets), passives, "vdd", "vss")


def test_a_stronger_pull_down_decides_against_a_cross_coupled_pair() -> None:
    fets = [
        *inverter("in", "ib"),
        Fet("m1", "nmos", "x", "in", "vss", "vss"),
        Fet("m2", "nmos", "y", "ib", "vss", "vss"),
        Fet("m3", "pmos", "x", "y", "vdd", "vdd"),
        Fet("m4", "pmos", "y", "x", "vdd", "vdd"),
    ]
    assert [levels(of(fets), {"in": level})["y"] for level in (0, 1)] == [0, 1]


def test_an_amplifier_is_no_logic() -> None:
    load = [Fet("m1", "nmos", "out", "in", "vss", "vss"), Fet("m2", "pmos", "out", "b", "vdd", "vdd")]
    circuit = of(load, ("in", "b", "out", "vdd", "vss"))
    assert sensitised(circuit, "in", "out", ["b"], {}) is None
    diode = [load[0], Fet("m2", "pmos", "out", "out", "vdd", "vdd")]
    assert "out" not in levels(of(diode), {"in": 1})
    bridged = of(inverter("in", "out"), passives=(Passive("r", "r", ("in", "out")),))
    assert sensitised(bridged, "in", "out", [], {}) is None


@pytest.mark.parametrize("count", range(2, 8))
def test_a_ring_has_an_odd_number_of_stages(count: int) -> None:
    nets = [f"n{place}" for place in range(count)]
    fets = [one for place, net in enumerate(nets) for one in inverter(nets[place - 1], net)]
    assert set(ring(of(fets))) == (set(nets) if count % 2 and count >= 3 else set())


def test_rings_with_an_enable_with_shared_starving_and_with_transmission_gates() -> None:
    chain = [*inverter("c", "a"), *inverter("a", "b")]
    nand = [
        Fet("m1", "nmos", "c", "b", "s", "vss"),
        Fet("m2", "nmos", "s", "en", "vss", "vss"),
        Fet("m3", "pmos", "c", "b", "vdd", "vdd"),
        Fet("m4", "pmos", "c", "en", "vdd", "vdd"),
    ]
    assert set(ring(of([*chain, *nand]))) == {"a", "b", "c"}
    starved = [one for net, source in zip("abc", "cab", strict=True) for one in inverter(source, net, "low", "high")]
    feet = [Fet("f1", "nmos", "low", "bn", "vss", "vss"), Fet("f2", "pmos", "high", "bp", "vdd", "vdd")]
    assert set(ring(of([*starved, *feet]))) == {"a", "b", "c"}
    gated = []
    for net, source in zip("abc", "cab", strict=True):
        gated += inverter(f"{source}_in", net)
        gated += [Fet(f"{net}{kind}", kind, net, "vc", f"{net}_in", "vss") for kind in ("nmos", "pmos")]
    assert len(ring(of(gated))) == 3
    # an amplifier in a loop is no ring
    loop = [
        Fet("m1", "nmos", "x", "z", "vss", "vss"),
        Fet("m2", "pmos", "y", "x", "vdd", "vdd"),
        Fet("m3", "nmos", "z", "y", "vss", "vss"),
    ]
    assert ring(of(loop)) == ()


def test_every_port_of_a_ring_is_held_and_mirrors_without_the_other_rail_are_current_references() -> None:
    from eda_agent.problem.draft.port_roles import mirror_bank
    from eda_agent.problem.draft.ring_oscillator import ring_oscillator
    from eda_agent.problem.structure.circuit import Mirror

    nets = ["n0", "n1", "n2"]
    fets = [one for place, net in enumerate(nets) for one in inverter(nets[place - 1], net)]
    # a multiplexer outside the ring, whose select drives gates of both types
    fets += [Fet("mn", "nmos", "x", "en", "n0", "vss"), Fet("mp", "pmos", "y", "en", "n1", "vdd")]
    circuit = Structure(("n2", "en", "vdd", "vss"), tuple(fets), (), "vdd", "vss", clocks=("en",))
    found = ring_oscillator(circuit, ["n2", "en"], ["n2"])
    assert found is not None and found[1]["out"] == "n2" and {*found[1].values(), *found[2]} == {"n2", "en"}
    reference = Fet("m1", "nmos", "i", "i", "vss", "vss")
    copy = Fet("m2", "nmos", "o", "i", "vss", "vss")
    whole = Structure(
        ("i", "o", "vdd", "vss"), (reference, copy), (), "vdd", "vss", mirrors=(Mirror(reference, (copy,)),)
    )
    assert mirror_bank(whole, ["i", "o"]) == ("o", {"i": "source"})
    rail_less = Structure(("i", "o", "vss"), (reference, copy), (), "", "vss", mirrors=(Mirror(reference, (copy,)),))
    assert mirror_bank(rail_less, ["i", "o"]) == ("o", {"i": "source"})
    foot = Fet("m2", "nmos", "o", "i", "r", "vss")
    with_foot = Structure(
        ("i", "o", "r", "vdd", "vss"), (reference, foot), (), "vdd", "vss", mirrors=(Mirror(reference, (foot,)),)
    )
    assert mirror_bank(with_foot, ["i", "o", "r"]) is None

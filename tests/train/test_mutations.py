"""Mutations: what they make is a circuit by every rule, is read back as what it is, and still does its job in
ngspice.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.problem.load import load_problem
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.topologies.cell import Cell, Device
from eda_agent.train.topologies.compose import drawn_cell
from eda_agent.train.topologies.evolve import OTHERS, SEEDS, evolved, evolved_cell
from eda_agent.train.topologies.mutations import MUTATIONS, device, load, mutated, stage, whole
from eda_agent.train.topologies.mutations.rules import MOST_DEVICES, MOST_PARAMETERS, faults


def amplifier(title: str) -> Cell:
    """The smallest of some composed circuits whose title says so: plain mirrors, no degeneration."""
    return min(
        (cell for cell, text, _ in map(drawn_cell, range(300)) if text.startswith(title)),
        key=lambda cell: len(cell.devices),
    )


@settings(max_examples=150, deadline=None)
@given(number=st.integers(0, 10_000), name=st.sampled_from(sorted(MUTATIONS)))
def test_a_mutation_leaves_a_circuit_or_has_no_place(number: int, name: str) -> None:
    """Nets, paths for direct current, bulks and rails hold whatever is mutated; only the sign of the signal and the
    count may fall to the check.
    """
    cell = drawn_cell(number)[0]
    before = replace(cell)
    made = MUTATIONS[name](cell, random.Random(number))
    assert cell == before
    if made is None:
        return
    told = [
        fault
        for fault in faults(made.tidied())
        if "wrong sign" not in fault and not fault.endswith((" devices", " parameters"))
    ]
    assert not told, (name, told)
    assert MUTATIONS[name](cell, random.Random(number)) == made


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 100_000))
def test_an_evolved_circuit_is_sound_and_read_back_as_what_it_is(
    number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cell, topology = evolved(number)
    assert faults(cell) == [] and len(cell.devices) <= MOST_DEVICES and len(cell.parameters) <= MOST_PARAMETERS
    assert evolved(number) == (cell, topology)
    problem = load_problem(topology.write(tmp_path_factory.mktemp("evolved")))
    assert fingerprint(problem) == cell.fingerprint
    assert set(problem.space.names) == set(cell.parameters)
    assert all(one.minimum <= one.initial <= one.maximum for one in problem.space.parameters)


def test_most_evolved_circuits_have_a_structure_of_their_own() -> None:
    cells = [evolved_cell(number)[0] for number in range(120)]
    assert len({cell.fingerprint for cell in cells}) > 90
    assert {name for cell in cells for name in cell.made} > {"cascode", "fold", "flip", "process", "split"}


@pytest.mark.parametrize(
    ("does", "undoes"), [(device.cascode, device.uncascode), (device.degenerate, device.undegenerate)]
)
def test_what_is_added_can_be_taken_away(does: object, undoes: object) -> None:
    cell = amplifier("one-stage op-amp, simple")
    shapes = set()
    for seed in range(20):
        made = does(cell, random.Random(seed))  # type: ignore[operator]
        assert made is not None and len(made.devices) > len(cell.devices)
        shapes |= {back.fingerprint for other in range(10) if (back := undoes(made, random.Random(other))) is not None}  # type: ignore[operator]
    # what the cascodes' gates are biased by is left
    assert shapes == {cell.fingerprint} if does is device.degenerate else len(shapes) > 1


@settings(max_examples=25, deadline=None)
@given(number=st.integers(0, 500))
def test_upside_down_twice_is_the_same_circuit(number: int) -> None:
    cell = drawn_cell(number)[0]
    once = whole.flip(cell, random.Random(0))
    if once is None:
        assert cell.kind != "amplifier"
        return
    twice = whole.flip(once, random.Random(0))
    assert (
        twice is not None and once.fingerprint != cell.fingerprint == twice.fingerprint and twice.turned == cell.turned
    )


@settings(max_examples=25, deadline=None)
@given(number=st.integers(0, 500))
def test_another_process_is_the_same_structure_within_its_limits(number: int) -> None:
    cell = drawn_cell(number)[0]
    made = whole.process(cell, random.Random(number))
    assert made is not None and made.technology != cell.technology and made.fingerprint == cell.fingerprint
    for fet in made.fets:
        assert (
            made.parameters[fet.length].low >= made.technology.length
            and made.parameters[fet.width].low >= made.technology.width
        )


def test_faults_are_found() -> None:
    cell = amplifier("two-stage op-amp, simple")
    pair = [one for one in cell.fets if one.gate in ("inp", "inn")]
    exchanged = {one.name: one.at(gate="inp" if one.gate == "inn" else "inn") for one in pair}
    assert any("wrong sign" in fault for fault in faults(cell.changed(exchanged)))
    loose = Device("C99", "c", ("out", "nowhere"), value=next(iter(cell.parameters)))
    assert {"one terminal on nowhere", "nothing drives nowhere", "no path for direct current to nowhere"} <= set(
        faults(cell.changed({}, [loose]))
    )
    first = cell.fets[0]
    assert any(
        "bulk" in fault for fault in faults(cell.changed({first.name: replace(first, nets=(*first.nets[:3], "out"))}))
    )
    assert any("no parameter" in fault for fault in faults(cell.changed({first.name: replace(first, width="nothing")})))
    assert any("two devices" in fault for fault in faults(cell.changed({}, [first])))


def test_folding_moves_the_load_to_the_other_rail() -> None:
    cell = amplifier("one-stage op-amp, simple")
    made = load.fold(cell, random.Random(1))
    assert made is not None
    names = {one.name.lower() for one in cell.structure.input_pair or ()}
    left, right = (one for one in made.fets if one.name.lower() in names)
    # the pair's drains are cascodes' sources of the other type, and the mirror is of the pair's own
    assert all(
        [one.kind for one in made.on(net, 2)] == [{"nmos": "pmos", "pmos": "nmos"}[left.kind]]
        for net in (left.drain, right.drain)
    )
    assert {one.kind for one in made.on("out", 0)} == {"nmos", "pmos"} and faults(made.tidied()) == []


def test_another_stage_turns_the_inputs() -> None:
    cell = amplifier("one-stage op-amp, simple")
    made = stage.add_stage(cell, random.Random(1))
    assert made is not None and faults(made) == []
    before, after = ({one.name: one.gate for one in which.fets if one.gate in ("inp", "inn")} for which in (cell, made))
    assert {name: {"inp": "inn", "inn": "inp"}[gate] for name, gate in before.items()} == after


def test_nothing_is_made_of_what_has_no_place() -> None:
    ring = next(cell for cell, _, _ in map(drawn_cell, range(400)) if cell.kind == "oscillator")
    assert (
        stage.add_stage(ring, random.Random(0)) is None
        and whole.flip(ring, random.Random(0)) is None
        and load.fold(ring, random.Random(0)) is None
    )
    assert mutated(ring, random.Random(0)) is not None


@pytest.mark.parametrize("kind", sorted(SEEDS))
def test_kinds_beside_the_composers_do_their_job(kind: str, tmp_path: Path, pool: LocalPool) -> None:
    """As they are drawn, every spec can be measured; a current flows, and an oscillation is one."""
    number = next(
        number
        for number in range(OTHERS - 1, 4000, OTHERS)
        if (cell := evolved_cell(number)[0]).kind == kind and not cell.made
    )
    _, topology = evolved(number)
    problem = load_problem(topology.write(tmp_path))
    evaluation = Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache()).evaluate(
        [problem.space.initial]
    )[0]
    values = {name: value or 0.0 for name, value in evaluation.values["nominal"].items()}
    assert not evaluation.failures and all(values.values()), (topology.title, values)
    if kind == "reference":
        assert 0.1 < values["reference_voltage"] < 0.9 * problem.pdk.supply
    elif kind == "current reference":
        assert 1e-8 < values["output_current"] < 1e-3 and values["line_sensitivity"] < 200
    elif kind == "ring":
        assert 2e7 < values["oscillation_frequency"] < 2e10
    elif kind == "buffer":
        assert 0.3 < values["voltage_gain"] < 1.05 and values["output_resistance"] < 1e6
    elif kind == "own divider":
        assert values["psrr_plus"] > 20 and values["dropout"] < 1
    else:
        assert 1e-12 < values["propagation_delay"] < 1e-7
    if kind == "Schmitt trigger":
        rising, falling = values["threshold_rising"], values["threshold_falling"]
        assert 0 < falling < rising < problem.pdk.supply
        assert values["hysteresis"] == pytest.approx(rising - falling, rel=1e-6)

"""Surrogates: the network as torch has it, found by structure, asked in a problem's own ranges, moved by measurements;
and files of strangers.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.agent.policies.parameter_map import ParameterRange
from eda_agent.agent.policies.surrogate import LAYERS, Network, Surrogate, calibrated
from eda_agent.agent.policies.surrogate_checkpoint import (
    FILE,
    SurrogateCheckpoint,
    find,
    read_checkpoint,
    structure_key,
    write_surrogates,
)
from eda_agent.bench.suite import LEARNED, UNSEEN
from eda_agent.problem.spec import Problem, Spec

SHIPPED = shipped_model() / FILE
UNTAUGHT = {"two_stage_miller": ("saturation",)}
"""Circuit → specs that are younger than its network."""


@pytest.fixture
def miller(problems: dict[str, Problem]) -> Problem:
    return taught(problems["two_stage_miller"])


def taught(problem: Problem) -> Problem:
    """The problem with the specs that its surrogate was taught."""
    return dataclasses.replace(problem, specs=tuple(spec for spec in problem.specs if not younger(problem, spec)))


def younger(problem: Problem, spec: Spec) -> bool:
    return spec.name in UNTAUGHT.get(problem.name, ())


@pytest.mark.parametrize("name", [*LEARNED, *UNSEEN])
def test_circuits_of_the_training_have_one_and_no_others(name: str, problems: dict[str, Problem]) -> None:
    assert (find(SHIPPED, problems[name]) is not None) == (name in LEARNED)


@pytest.mark.parametrize("name", LEARNED)
def test_every_spec_has_a_quantity_of_its_own(name: str, problems: dict[str, Problem]) -> None:
    """Also where two are of one metric: an oscillator's lowest and highest frequency."""
    problem = taught(problems[name])
    assert list(found(problem).columns) == list(range(len(problem.specs)))
    # what it was not taught has none, wherever it stands, and takes none from another
    backwards = dataclasses.replace(problem, specs=problems[name].specs[::-1])
    assert [column is None for column in found(backwards).columns] == [
        younger(problem, spec) for spec in backwards.specs
    ]
    # whatever they are called, the sense tells them apart
    renamed = tuple(dataclasses.replace(spec, name=f"s{number}") for number, spec in enumerate(problem.specs))
    columns = found(dataclasses.replace(problem, specs=renamed[::-1])).columns
    senses = {(spec.metric.name, spec.minimum is None) for spec in problem.specs}
    if len(senses) == len(problem.specs):
        assert list(columns) == list(range(len(problem.specs)))[::-1]
    assert sorted(column for column in columns if column is not None) == list(range(len(problem.specs)))


def test_a_spec_that_was_not_taught_has_none_and_the_others_do(miller: Problem, problems: dict[str, Problem]) -> None:
    foreign = next(spec for spec in problems["current_mirror_ota"].specs if spec.metric.name == "cmrr")
    asked = found(dataclasses.replace(miller, specs=(foreign, *miller.specs[:2], miller.specs[0])))
    assert list(asked.columns) == [None, 0, 1, None]
    assert find(SHIPPED, dataclasses.replace(miller, specs=(foreign,))) is None


def test_names_roles_and_order_do_not_matter(miller: Problem) -> None:
    space, rng = miller.space, np.random.default_rng(0)
    order = rng.permutation(len(space.parameters)).tolist()
    renamed = tuple(dataclasses.replace(space.parameters[place], name=f"q{place}", role="") for place in order)
    backwards = tuple(reversed(miller.specs))
    other = dataclasses.replace(miller, space=dataclasses.replace(space, parameters=renamed), specs=backwards)
    points, values = rng.random((5, len(order))), np.tile(typical(miller), (1, 1))
    one, two = found(miller), found(other)
    mean, deviation, works = one.under(points[:1], values).predict(points)
    again = two.under(points[:1][:, order], values[:, ::-1]).predict(points[:, order])
    assert mean == pytest.approx(again[0]) and deviation == pytest.approx(again[1]) and works == pytest.approx(again[2])


def test_a_size_is_the_same_in_other_ranges_and_beyond_the_taught_ones_less_is_sure(miller: Problem) -> None:
    space, rng = miller.space, np.random.default_rng(1)
    narrow = tuple(
        dataclasses.replace(one, minimum=one.from_unit(0.3), maximum=one.from_unit(0.8), initial=one.from_unit(0.5))
        for one in space.parameters
    )
    other = dataclasses.replace(miller, space=dataclasses.replace(space, parameters=narrow))
    sizes = [other.space.from_unit(row) for row in rng.random((4, len(narrow))).tolist()]
    here, there = (np.array([one.to_unit(sizing) for sizing in sizes]) for one in (space, other.space))
    values = typical(miller)[None]
    one, two = found(miller).under(here[:1], values).predict(here), found(other).under(there[:1], values).predict(there)
    assert one[0] == pytest.approx(two[0]) and one[1] == pytest.approx(two[1])
    wide = tuple(dataclasses.replace(one, maximum=one.maximum * 3) for one in space.parameters)
    far = dataclasses.replace(miller, space=dataclasses.replace(space, parameters=wide))
    edge, beyond = (
        [[one.to_unit(taught.maximum * times) for one, taught in zip(wide, space.parameters, strict=True)]]
        for times in (1, 3)
    )
    condition = found(far).under(np.array(edge), values)
    at, outside = condition.predict(np.array(edge)), condition.predict(np.array(beyond))
    assert at[0] == pytest.approx(outside[0]) and (outside[1] > 2 * at[1]).all()


def test_ranges_that_were_not_taught_at_all_have_none(miller: Problem) -> None:
    space = miller.space
    far = (
        dataclasses.replace(
            space.parameters[0], minimum=space.parameters[0].maximum * 10, maximum=space.parameters[0].maximum * 20
        ),
        *space.parameters[1:],
    )
    assert find(SHIPPED, dataclasses.replace(miller, space=dataclasses.replace(space, parameters=far))) is None


def test_measurements_move_what_is_foretold(miller: Problem) -> None:
    """A measurement is met where it was taken, and speaks less the farther away; the more is measured, the surer."""
    surrogate, rng = found(miller), np.random.default_rng(2)
    points = 0.35 + 0.3 * rng.random((6, len(miller.space.parameters)))
    condition = surrogate.under(points[:1], typical(miller)[None])
    mean, deviation, _ = condition.predict(points)
    seen = mean[:, 0] + 0.5 * deviation[:, 0]
    before, unsure = calibrated(condition, 0, points[:0], seen[:0]).predict(points)
    assert before == pytest.approx(mean[:, 0]) and (unsure > 0).all()
    after, sure = calibrated(condition, 0, points[:3], seen[:3]).predict(points)
    moved = (after - before) / (seen - before)
    assert (
        (moved[:3] > 0.5).all()
        and (moved[:3].min() > moved[3:]).all()
        and (sure[:3] < unsure[:3]).all()
        and (sure <= unsure).all()
    )
    # who errs by ten times what he thought possible is less sure from then on, everywhere
    right, wrong = (calibrated(condition, 0, points[:3], (mean + times * deviation)[:3, 0]) for times in (0.5, 10))
    assert wrong.surprise > 1.5 * right.surprise
    assert wrong.predict(points)[1] == pytest.approx(sure * np.sqrt(wrong.surprise / right.surprise))
    # nan is no measurement
    holes = np.where(np.arange(6) < 3, seen, np.nan)
    assert calibrated(condition, 0, points, holes).predict(points)[0] == pytest.approx(after)


def test_how_likely_a_measurement_was(miller: Problem) -> None:
    """Each from the others, as leaving it out and asking again says."""
    surrogate, rng = found(miller), np.random.default_rng(3)
    points = rng.random((5, len(miller.space.parameters)))
    condition = surrogate.under(points[:1], typical(miller)[None])
    mean, deviation, _ = condition.predict(points)
    column = 1
    seen = np.clip(
        mean[:, 1] + deviation[:, 1] * rng.normal(size=5) * 0.5,
        surrogate.network.low[column],
        surrogate.network.high[column],
    )
    whole = calibrated(condition, 1, points, seen)
    densities = []
    for left in range(5):
        kept = np.arange(5) != left
        at, spread = dataclasses.replace(
            calibrated(condition, 1, points[kept], seen[kept]), surprise=whole.surprise
        ).predict(points[[left]])
        network = surrogate.network
        # what is measured has the noise on top
        noise = whole.surprise * network.noise[column] * network.size[column] * deviation[left, 1] ** 2
        variance = float(spread[0] ** 2 + noise)
        densities.append(-0.5 * (np.log(2 * np.pi * variance) + (seen[left] - at[0]) ** 2 / variance))
    assert whole.likelihood == pytest.approx(np.mean(densities), abs=1e-6)


def test_it_is_read_as_it_was_written(tmp_path: Path, miller: Problem) -> None:
    checkpoint = read_checkpoint(SHIPPED, miller)
    assert checkpoint is not None
    write_surrogates(tmp_path / FILE, {"another": checkpoint, structure_key(miller): checkpoint})
    again = read_checkpoint(tmp_path / FILE, miller)
    assert again is not None and (again.ranges, again.quantities, again.sizes.keys) == (
        checkpoint.ranges,
        checkpoint.quantities,
        checkpoint.sizes.keys,
    )
    assert (again.sizes.matrix == checkpoint.sizes.matrix).all() and (
        again.sizes.offset == checkpoint.sizes.offset
    ).all()
    assert all((again.network.layers[name] == value).all() for name, value in checkpoint.network.layers.items())


def test_what_is_no_file_of_surrogates_holds_nothing(miller: Problem, tmp_path: Path) -> None:
    path = tmp_path / FILE
    assert find(path, miller) is None
    path.write_bytes(b"PK\x03\x04 torn")
    assert find(path, miller) is None
    # an array of objects would be unpickled: it is refused
    np.savez(path, index=np.array([{"key": structure_key(miller)}], dtype=object))
    assert find(path, miller) is None
    checkpoint = read_checkpoint(SHIPPED, miller)
    assert checkpoint is not None

    def with_network(**changes: object) -> SurrogateCheckpoint:
        return dataclasses.replace(checkpoint, network=dataclasses.replace(checkpoint.network, **changes))

    layers = checkpoint.network.layers
    for wrong in (
        dataclasses.replace(checkpoint, ranges=checkpoint.ranges[:-1]),
        dataclasses.replace(checkpoint, ranges=(ParameterRange(1.0, 1.0, False), *checkpoint.ranges[1:])),
        dataclasses.replace(checkpoint, ranges=(ParameterRange(-1.0, 1.0, True), *checkpoint.ranges[1:])),
        dataclasses.replace(checkpoint, ranges=(ParameterRange(float("nan"), 1.0, False), *checkpoint.ranges[1:])),
        dataclasses.replace(checkpoint, quantities=checkpoint.quantities[:-1]),
        dataclasses.replace(checkpoint, sizes=dataclasses.replace(checkpoint.sizes, keys=checkpoint.sizes.keys[:-1])),
        dataclasses.replace(
            checkpoint, sizes=dataclasses.replace(checkpoint.sizes, matrix=checkpoint.sizes.matrix[:, :-1])
        ),
        dataclasses.replace(
            checkpoint, sizes=dataclasses.replace(checkpoint.sizes, offset=checkpoint.sizes.offset * np.nan)
        ),
        with_network(middle=checkpoint.network.middle[:-1]),
        with_network(spread=checkpoint.network.spread * np.nan),
        with_network(layers={**layers, "say0.weight": layers["say0.weight"][:, :-1]}),
        with_network(layers={**layers, "say2.bias": layers["say2.bias"] * np.inf}),
        with_network(layers={**layers, "see1.weight": np.ones(3)}),
    ):
        write_surrogates(path, {structure_key(miller): wrong})
        assert find(path, miller) is None, wrong.ranges[0]


def test_a_network_says_nothing_that_is_no_number() -> None:
    """Whatever its weights, at whatever positions."""
    rng = np.random.default_rng(4)
    sizes = {
        "see0": (5 + 4, 8),
        "see1": (8, 8),
        "see2": (8, 3),
        "say0": (5 + 3, 8),
        "say1": (8, 8),
        "say2": (8, 5),
        "skip": (5 + 3, 2),
    }
    assert set(sizes) == set(LAYERS)
    layers = {f"{name}.weight": rng.normal(0, 30, (out, into)) for name, (into, out) in sizes.items()}
    layers |= {f"{name}.bias": rng.normal(0, 30, out) for name, (_, out) in sizes.items()}
    ones = np.ones(2)
    network = Network(layers, 0 * ones, ones, -9 * ones, 9 * ones, ones, 0.1 * ones, 0.2 * ones, 0.1 * ones)
    points = rng.random((50, 5))
    told = network.describe(points[:3], np.array([[1e30, np.nan], [-np.inf, 0.0], [np.nan, np.nan]]))
    mean, deviation, works = network.predict(told, points)
    assert (
        np.isfinite(mean).all()
        and (deviation > 0).all()
        and np.isfinite(deviation).all()
        and ((works >= 0) & (works <= 1)).all()
    )


def found(problem: Problem) -> Surrogate:
    surrogate = find(SHIPPED, problem)
    assert surrogate is not None
    return surrogate


def typical(problem: Problem) -> np.ndarray:
    """What designs of the training measured in the middle, by spec, as margins are linear in it."""
    surrogate = found(problem)
    return surrogate.network.middle[[column for column in surrogate.columns if column is not None]]


def test_a_file_with_damaged_bytes_is_none(problems: dict[str, Problem], tmp_path: Path) -> None:
    """Compressed data that cannot be expanded, not only a file cut short."""
    whole = (shipped_model() / FILE).read_bytes()
    path = tmp_path / FILE
    for place in range(200, len(whole), len(whole) // 12):
        path.write_bytes(whole[:place] + bytes(300) + whole[place + 300 :])
        read_checkpoint(path, problems["ota_5t"])
    path.write_bytes(whole[:50] + bytes(300) + whole[350:])
    assert read_checkpoint(path, problems["ota_5t"]) is None

"""What the universal surrogate reads in a user's deck: which known metric a measurement is, which port is what, and the
load. A measurement that is none of its metrics uses the turns alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eda_agent.agent.history import History
from eda_agent.agent.policies.gaussian_process import GaussianProcess, Real
from eda_agent.agent.policies.universal import UniversalPolicy
from eda_agent.agent.policies.universal_prior import UNTOLD, UniversalPrior, shipped_weights
from eda_agent.agent.turn import Turn, rescore
from eda_agent.agent.universal.checkpoint import read_network
from eda_agent.agent.universal.graph import METRIC_NAMES, PORTS
from eda_agent.agent.universal.network import Network
from eda_agent.agent.universal.ports import deck_load, port_words
from eda_agent.agent.universal.spec_words import known_metric, words_of
from eda_agent.agent.universal.told import told_graph
from eda_agent.metrics import Metric
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.circuit import Structure
from eda_agent.problem.structure.recognise import recognise
from tests.agent.universal_kit import graph_of, network_of, untrained_net
from tests.train.histories import played


@pytest.mark.parametrize(
    ("name", "unit", "ramp", "known"),
    [
        ("dcgain", "dB", "linear", "dc_gain"),
        ("A0", "dB", "linear", "dc_gain"),
        ("gain_bandwidth_product", "Hz", "log", "gbw"),
        ("UGF", "Hz", "log", "gbw"),
        ("gbw2", "MHz", "log", "gbw"),
        ("phase_in_deg", "deg", "linear", "phase_margin"),
        ("pm", "deg", "linear", "phase_margin"),
        ("cmrrdc", "dB", "linear", "cmrr"),
        ("dcpsrp", "dB", "linear", "psrr_plus"),
        ("PSRR_minus", "dB", "linear", "psrr_minus"),
        ("sr_rise", "", "log", "slew_rate_up"),
        ("slew_fall", "V/us", "log", "slew_rate_down"),
        # the unit or the scale is another one
        ("dcgain", "", "log", "dcgain"),
        ("gbw", "dB", "linear", "gbw"),
        ("phase_in_rad", "", "linear", "phase_in_rad"),
        ("sr_rise", "V", "log", "sr_rise"),
        ("gainerror", "dB", "linear", "gainerror"),
        ("vos25", "V", "linear", "vos25"),
    ],
)
def test_a_measurement_is_known_by_name_and_unit(
    name: str, unit: str, ramp: str, known: str, problems: dict[str, Problem]
) -> None:
    metric = Metric(name, unit, ramp, None, "")  # type: ignore[arg-type]  # the parameter is a plain text
    assert known_metric(replace(problems["ota_5t"].specs[0], metric=metric)) == known


@pytest.mark.parametrize(
    ("name", "minimum", "maximum", "sign"),
    [
        ("cmrr", 60.0, None, 1),
        ("cmrrdc", 60.0, None, 1),
        ("cmrrdc", None, -60.0, -1),
        # a deck's result with the name and the unit of a metric is that metric
        ("cmrr", None, -60.0, -1),
        ("cmrr", -120.0, -60.0, -1),
        ("dcpsrn", None, -60.0, -1),
        ("gain_margin", None, -10.0, 1),
    ],
)
def test_a_rejection_below_a_negative_maximum_is_a_gain(
    name: str, minimum: float | None, maximum: float | None, sign: int, problems: dict[str, Problem]
) -> None:
    problem = problems["current_mirror_ota"]
    spec = next(spec for spec in problem.specs if spec.metric.name == "cmrr")
    spec = replace(spec, metric=replace(spec.metric, name=name), minimum=minimum, maximum=maximum)
    assert words_of(replace(problem, specs=(spec,)))[0].sign == sign


def test_a_deck_is_read_as_the_templates(problems: dict[str, Problem]) -> None:
    """The same op-amp with the same specs, which a deck measures under other names: the same metrics, templates, signs
    and ports.
    """
    problem = problems["current_mirror_ota"]
    names = {"dc_gain": "dcgain", "gbw": "ugf", "phase_margin": "pm", "cmrr": "cmrrdc", "slew_rate_up": "sr"}
    specs = []
    for spec in problem.specs:
        metric = replace(spec.metric, name=names.get(spec.metric.name, spec.metric.name))
        turned = metric.name == "cmrrdc"
        minimum, maximum = (None, -60.0) if turned else (spec.minimum, spec.maximum)
        specs.append(replace(spec, metric=metric, minimum=minimum, maximum=maximum))
    benches = {name: replace(bench, template="", nets={}) for name, bench in problem.testbenches.items()}
    deck = replace(problem, specs=tuple(specs), testbenches=benches)
    own, read = graph_of(problem), graph_of(deck)
    assert read.metrics.tolist() == own.metrics.tolist() and read.ports.tolist() == own.ports.tolist()
    for spec, first, second, sign in zip(problem.specs, own.templates, read.templates, read.scales, strict=True):
        # swing and offset keep no template of a deck
        assert second in (first, 0) and (second == first or spec.metric.name not in names)
        assert (sign < 0) == (spec.metric.name == "cmrr")


def renamed(structure: Structure, names: dict[str, str]) -> Structure:
    fets = {
        fet.name: replace(
            fet, drain=names.get(fet.drain, fet.drain), gate=names.get(fet.gate, fet.gate),
            source=names.get(fet.source, fet.source),
        )
        for fet in structure.fets
    }  # fmt: skip
    passives = tuple(replace(one, nets=tuple(names.get(net, net) for net in one.nets)) for one in structure.passives)
    pairs = tuple((fets[one.name], fets[other.name]) for one, other in structure.pairs)
    ports = tuple(names.get(port, port) for port in structure.ports)
    return replace(structure, ports=ports, fets=tuple(fets.values()), passives=passives, pairs=pairs)


@pytest.mark.parametrize(
    "name", ["ota_5t", "two_stage_miller", "telescopic", "folded_cascode", "three_stage_nmc", "class_ab_output"]
)
def test_the_ports_of_an_opamp_follow_from_its_connections(name: str, problems: dict[str, Problem]) -> None:
    problem = problems[name]
    problem = replace(problem, testbenches={})
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    other = {"inp": "a", "inn": "b", "out": "y"}
    assert port_words(problem, structure, PORTS) == {}
    found = port_words(problem, renamed(structure, other), PORTS)
    assert found == {new: word for word, new in other.items()}


def test_a_template_s_nets_say_what_the_ports_are(problems: dict[str, Problem]) -> None:
    """Even against the connections: the inputs are exchanged here."""
    problem = problems["ota_5t"]
    structure = renamed(
        recognise(problem.netlist, problem.subckt, problem.pdk), {"inp": "a", "inn": "b", "out": "y"}
    )  # fmt: skip
    nets = {"a": "inn", "b": "inp", "y": "out"}
    benches = {name: replace(bench, nets={"vdd": "vdd", **nets}) for name, bench in problem.testbenches.items()}
    assert port_words(replace(problem, testbenches=benches), structure, PORTS) == nets


def test_the_load_of_a_deck(problems: dict[str, Problem]) -> None:
    bench = next(iter(problems["ota_5t"].testbenches.values()))
    text = "V1 vdd 0 1.8\nXop vss vdd n1 n2 OUT Amp\nCL out 0 'cload'\nC2 GND out 1p\nC3 out n1 4p\nC4 n2 0 5p\n"
    deck = replace(bench, deck=text, settings={"cload": "20.0p"})
    assert deck_load(deck, "amp", 4) == pytest.approx(21e-12)
    assert deck_load(replace(deck, settings={"cload": "vdd"}), "amp", 4) == pytest.approx(1e-12)
    assert deck_load(deck, "other", 4) == deck_load(deck, "amp", 9) == 0.0


def without(network: Network, *metrics: str) -> Network:
    middle, spread = network.middle.copy(), network.spread.copy()
    for metric in metrics:
        middle[METRIC_NAMES.index(metric)], spread[METRIC_NAMES.index(metric)] = 0.0, 1.0
    return replace(network, middle=middle, spread=spread)


def test_an_own_measurement_that_was_not_taught_uses_the_turns_alone(problems: dict[str, Problem]) -> None:
    """Its word has random weights: no surrogate predicts it, and the other specs are read as if it was not there."""
    problem = problems["two_stage_miller"]
    problem = replace(problem, corners=problem.corners[:1])
    place = next(number for number, spec in enumerate(problem.specs) if spec.metric.name == "gbw")
    spec = problem.specs[place]
    own = replace(spec, metric=replace(spec.metric, name="vmid25"))
    deck = replace(problem, specs=(*problem.specs[:place], own, *problem.specs[place + 1 :]))
    network, history = without(network_of(untrained_net()), "power"), played(deck, 4)
    prior = UniversalPrior(deck, network, graph_of(deck))
    assert isinstance(prior.beliefs(history).processes[place], GaussianProcess)
    assert place not in prior._judge.models(history).rivals
    rest = replace(problem, specs=problem.specs[:place] + problem.specs[place + 1 :])
    read, told = told_graph(rest, graph_of(rest), network)
    # a metric of this program is read, taught or not
    assert len(told) == len(rest.specs)
    for name in ("metrics", "templates", "spec_features", "scales", "net_features"):
        assert np.array_equal(getattr(prior.graph, name), getattr(read, name)), name
    without_it = History(rest, tuple(rescore(rest, turn) for turn in history.turns))
    expected = UniversalPrior(rest, network, graph_of(rest))._models(without_it).rivals
    at, found = np.full((3, len(problem.space.parameters)), 0.4), prior._models(history).rivals
    for number, rivals in expected.items():
        own = found[number + (number >= place)]
        assert np.array_equal(own[0].predict(at), rivals[0].predict(at))


def test_a_deck_of_which_no_measurement_is_known_is_searched_without_it(problems: dict[str, Problem]) -> None:
    problem = problems["ota_5t"]
    spec = problem.specs[0]
    own = replace(spec, metric=replace(spec.metric, name="vmid25"), corners=())
    problem = replace(problem, corners=problem.corners[:1], specs=(own,))
    assert UniversalPolicy(0).propose(played(problem, 0)).handover == UNTOLD


def test_the_package_s_surrogate_was_taught_every_spec_of_the_unseen_circuits(problems: dict[str, Problem]) -> None:
    network = read_network(shipped_weights())
    assert network is not None
    for name in ("three_stage_nmc", "class_ab_output", "recycling_folded_cascode", "tia"):
        assert all(network.taught(metric) for metric in graph_of(problems[name]).metrics.tolist())


def test_what_a_deck_measures_as_its_negative_is_predicted_alike(problems: dict[str, Problem]) -> None:
    """A rejection of 60 dB and a gain of -60 dB, or at least and at most that: the same margins, to the last digits."""
    problem = problems["current_mirror_ota"]
    problem = replace(problem, corners=problem.corners[:1])
    place = next(number for number, spec in enumerate(problem.specs) if spec.metric.name == "cmrr")
    spec = problem.specs[place]
    assert spec.minimum is not None
    metric = replace(spec.metric, name="cmrrdc")
    turned = replace(spec, metric=metric, minimum=None, maximum=-spec.minimum)
    deck = replace(problem, specs=(*problem.specs[:place], turned, *problem.specs[place + 1 :]))
    network, history = network_of(untrained_net()), played(problem, 4)
    at = np.random.default_rng(0).random((5, len(problem.space.parameters)))

    def predicted(one: Problem, sign: int, bounds: list[str]) -> tuple[Real, Real]:
        turns = [rejecting(turn, spec.name, sign, bound) for turn, bound in zip(history.turns, bounds, strict=True)]
        prior = UniversalPrior(one, network, graph_of(one))
        return prior._models(History(one, tuple(turns))).rivals[place][0].predict(at)

    exact = predicted(problem, 1, [""] * 5)
    for bound, opposite in (("", ""), (">", "<"), ("<", ">")):
        own, read = predicted(problem, 1, ["", *[bound] * 4]), predicted(deck, -1, ["", *[opposite] * 4])
        assert own[0] == pytest.approx(read[0]) and own[1] == pytest.approx(read[1])
        # a bound is no value
        assert (own[0] == pytest.approx(exact[0])) == (not bound)


def rejecting(turn: Turn, name: str, sign: int, bound: str) -> Turn:
    """The turn with a spec's value as a bound, or with the opposite sign."""
    assert turn.evaluation is not None
    values = {
        corner: {one: sign * value if one == name and value is not None else value for one, value in row.items()}
        for corner, row in turn.evaluation.values.items()
    }
    bounds = {(corner, name): bound for corner in values} if bound else {}
    return replace(turn, evaluation=replace(turn.evaluation, values=values, bounds=bounds))

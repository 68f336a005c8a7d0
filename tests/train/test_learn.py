"""Teaching the universal surrogate: lessons say what was simulated, the loss is a likelihood, a stopped training goes
on as it would have.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import norm
from scipy.stats import t as student

from eda_agent.agent.universal.checkpoint import FILE, read_network
from eda_agent.agent.universal.graph import circuit_graph
from eda_agent.agent.universal.posterior import FREEDOM, Measured
from eda_agent.bench.suite import FRESH
from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.train import tasks
from eda_agent.train.universal import learn, make
from eda_agent.train.universal.lessons import OWN, Lesson, lesson, lessons, metric_statistics
from eda_agent.train.universal.net import Net
from eda_agent.train.universal.record import read_record
from tests.conftest import CIRCUITS

SMALL = 0
"""A transimpedance amplifier of five devices: its designs take milliseconds."""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("universal")
    make.make([SMALL], folder, 60)
    return folder


def made_up(problem: Problem, seed: int, designs: int = 30) -> Lesson:
    """Every spec a plane of the changes, whose slopes follow from what the spec is: something to learn that holds for
    all circuits.
    """
    graph = circuit_graph(problem)
    assert graph is not None
    draw = np.random.default_rng(seed)
    x = draw.normal(0, 0.4, (designs, len(graph.initial)))
    values = x.sum(1)[:, None] * np.sin(graph.metrics) + np.cos(graph.metrics)
    points = np.zeros((designs, len(graph.labels), 7))
    return Lesson(
        graph,
        Measured(x, values, points),
        np.zeros(values.shape, np.int8),
        np.ones(designs, bool),
        x,
        "amplifier",
        f"{seed}",
    )


def test_a_lesson_says_what_was_simulated(records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = read_record(next(records.glob("records/*.npz")))
    problem = record.problem(tmp_path)
    made = lesson(record, problem)
    assert made is not None and np.abs(made.turns.x[OWN]).max() < 1e-9
    place = problem.spec_names.index("bandwidth")
    good = record.bounds[:, place] == 0
    assert np.exp(made.exact[good, place]) == pytest.approx(record.values[good, place])
    # what it is only known to be beyond is no value
    bound = record.bounds.copy()
    bound[3, place] = 1
    limited = lesson(type(record)(**{**vars(record), "bounds": bound}), problem)
    assert limited is not None and np.isnan(limited.exact[3, place]) and np.isfinite(limited.turns.values[3, place])
    assert len(lessons(records.glob("records/*.npz"))) == 1
    (records / "records" / "x.npz").write_bytes(b"")
    assert len(lessons(records.glob("records/*.npz"))) == 1
    (records / "records" / "x.npz").unlink()
    # nor may it have the structure of a circuit of the suite `fresh`
    for name in FRESH:
        with pytest.raises(InputError, match=f"{name}, which is held out"):
            lesson(record, load_problem(CIRCUITS / name))
    monkeypatch.setattr(tasks, "held_out_shapes", lambda: {record.fingerprint: "x"})
    with pytest.raises(InputError, match="held out"):
        lesson(record, problem)
    assert lessons(records.glob("records/*.npz")) == []


def test_the_loss_is_a_likelihood() -> None:
    error, variance = np.array([-2.0, 0.0, 0.3]), np.array([0.5, 1.0, 0.01])
    found = learn._student(torch.tensor(error), torch.tensor(variance)).numpy()
    assert found == pytest.approx(-student.logpdf(error, FREEDOM, scale=np.sqrt(variance)), rel=1e-6)
    # a value that is only known to be above 1 costs the more the surer the prediction is that it is not
    costs = [-float(torch.special.log_ndtr(torch.tensor((mean - 1.0) / 0.5))) for mean in (0.0, 1.0, 2.0)]
    assert (
        costs == pytest.approx([-norm.logsf(1.0, mean, 0.5) for mean in (0.0, 1.0, 2.0)], rel=1e-5)
        and costs[0] > costs[1] > costs[2]
    )


def test_no_question_is_a_design_of_the_context(problems: dict[str, Problem]) -> None:
    taught = [made_up(problems["ota_5t"], 1)]
    for seed, context in ((0, 1), (1, 20)):
        examples = learn.draw_examples(taught, np.random.default_rng(seed), 5, context)
        for told, asked in zip(examples.contexts, examples.queries, strict=True):
            assert len(told) == context and len(asked) == learn.QUERIES and not set(told) & set(asked)


def test_a_bound_counts_as_a_bound(problems: dict[str, Problem]) -> None:
    """The same lessons, with one design's values said to be lower bounds far below what is predicted: nearly nothing is
    lost by them.
    """
    taught = made_up(problems["ota_5t"], 1)
    taught.turns.values[5] -= 4.0
    draw = np.random.default_rng(0)
    examples = learn.draw_examples([taught], draw, 2, 1)
    examples.queries[:] = 5
    torch.manual_seed(0)
    net = Net().eval()
    exact = learn.loss_of(net, examples, metric_statistics([taught]))[1]["nll"]
    taught.bounds[5] = 1
    bounded = learn.loss_of(net, examples, metric_statistics([taught]))[1]["nll"]
    taught.bounds[5] = -1
    assert bounded < 0.1 < exact and learn.loss_of(net, examples, metric_statistics([taught]))[1]["nll"] > 3.0


def trained(taught: list[Lesson], steps: int, until: int) -> learn.Training:
    torch.manual_seed(1)
    made = learn.Training(Net(), metric_statistics(taught), steps)
    made.go_on(taught, math.inf, until)
    return made


def test_it_goes_on_as_it_would_have(problems: dict[str, Problem], tmp_path: Path) -> None:
    torch.set_num_threads(1)
    taught = [made_up(problems[name], seed) for seed, name in enumerate(("ota_5t", "tia"))]
    whole = trained(taught, 6, 6)
    trained(taught, 6, 3).save(tmp_path / "training.pt")
    again = learn.Training.load(tmp_path / "training.pt", Net())
    assert (again.step, again.steps) == (3, 6)
    again.go_on(taught, math.inf)
    weights = whole.net.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in again.net.state_dict().items())


def test_it_learns(problems: dict[str, Problem]) -> None:
    """Of circuits that it did not see, too: the slopes follow from the metrics."""
    taught = [made_up(problems[name], seed) for seed, name in enumerate(("ota_5t", "tia", "ldo", "two_stage_miller"))]
    other = [made_up(problems["current_mirror_ota"], 9)]
    before = learn.validation(trained(taught, 60, 0).net, other, metric_statistics(taught), 2)
    after = learn.validation(trained(taught, 60, 60).net, other, metric_statistics(taught), 2)
    assert after[1]["nll"] < before[1]["nll"] - 0.2 and after[1]["error"] < before[1]["error"]


def test_the_command_trains_in_pieces(records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--records", str(records), "--out", str(tmp_path), "--steps", "2", "--seconds", "20"]
    assert not lessons(records.glob("records/*.npz"))[0].held
    assert learn.main(arguments) == 0 and '"done": true' in capsys.readouterr().out
    assert learn.main(arguments) == 0
    assert read_network(tmp_path / FILE) is not None

"""A tree of samples gives the log-probabilities and gradients of the samples one by one."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.agent.history import History
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.language.model import CompactConfig, CompactModel
from eda_agent.agent.language.sampling import CompactSampler
from eda_agent.agent.language.torch_engine import TorchEngine
from eda_agent.problem.spec import Problem
from eda_agent.train.codec import CompactCodec
from eda_agent.train.policies import CompactTrainable, TextTrainable, log_probabilities
from eda_agent.train.samples import Sample
from eda_agent.train.tree import pack, padded
from tests.train.histories import played
from tests.train.tiny_text import tiny_model


def compact_samples(model: CompactModel, problem: Problem, seed: int) -> list[Sample]:
    """A trajectory of five turns with four branches each, as a rollout makes it."""
    history = played(problem, 5, seed)
    speaker, sampler = CompactCodec(CompactLanguage(problem)), CompactSampler(TorchEngine(model))
    samples = []
    for count in range(1, 6):
        prompt = speaker.prompt(History(problem, history.turns[:count]))
        samples += [speaker.sample(prompt, answer) for answer in sampler.sample([prompt], 4, [count])[0]]
    return samples


def test_tree_equals_sampler_and_plain_batch(problems: dict[str, Problem]) -> None:
    torch.manual_seed(0)
    model = CompactModel(CompactConfig(width=32, layers=3, heads=4, hidden=48)).eval()
    rows = [
        compact_samples(model, problems[name], seed) for seed, name in enumerate(("ota_5t", "two_stage_miller", "tia"))
    ]
    trainable = CompactTrainable(model)
    found = {}
    for name, packed in {"tree": pack(rows), "plain": padded([sample for row in rows for sample in row])}.items():
        model.zero_grad()
        logits = trainable.logits(packed)
        # laid end to end and block by block, as under the whole mask
        torch.testing.assert_close(logits, model(packed.ids, packed.mask, select=packed.select), atol=1e-5, rtol=1e-5)
        logprobs, _ = log_probabilities(logits, packed)
        torch.testing.assert_close(logprobs.detach(), packed.sampled, atol=1e-5, rtol=0)
        (logprobs * torch.linspace(-1, 1, len(logprobs))).sum().backward()
        found[name] = [weight.grad.clone() for weight in model.parameters() if weight.grad is not None], packed.tokens
    for one, other in zip(found["tree"][0], found["plain"][0], strict=True):
        torch.testing.assert_close(one, other, atol=2e-5, rtol=1e-4)
    # five histories of growing length with four branches each: most tokens are shared
    assert found["tree"][1] < found["plain"][1] / 4


def test_what_a_gpu_computes_is_what_a_processor_does(problems: dict[str, Problem]) -> None:
    """Padded rows of unequal length under one mask, gradients included."""
    torch.manual_seed(0)
    model = CompactModel(CompactConfig(width=32, layers=3, heads=4, hidden=48)).eval()
    packed = pack([compact_samples(model, problems[name], seed) for seed, name in enumerate(("ota_5t", "tia"))])
    assert not packed.mask.diagonal(dim1=1, dim2=2).all(), "one of the rows is padded"
    trainable, gradients = CompactTrainable(model), []
    for compute in (trainable.logits, trainable.padded):
        model.zero_grad()
        logprobs, _ = log_probabilities(compute(packed), packed)
        torch.testing.assert_close(logprobs.detach(), packed.sampled, atol=1e-5, rtol=0)
        (logprobs * torch.linspace(-1, 1, len(logprobs))).sum().backward()
        gradients.append([weight.grad.clone() for weight in model.parameters() if weight.grad is not None])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=2e-5, rtol=1e-4)


def test_what_the_sampler_expects_is_what_the_learner_is_asked(problems: dict[str, Problem]) -> None:
    """Every spec's distribution behind an answer, computed beside its group's others, is that of its question in the
    tree.
    """
    torch.manual_seed(0)
    model = CompactModel(CompactConfig(width=32, layers=3, heads=4, hidden=48)).eval()
    problem = problems["two_stage_miller"]
    history = played(problem, 4)
    speaker, sampler = CompactCodec(CompactLanguage(problem)), CompactSampler(TorchEngine(model))
    row, expected = [], []
    for count in (1, 3, 4):
        prompt = speaker.prompt(History(problem, history.turns[:count]))
        turn = history.turns[count]
        for answer in sampler.sample([prompt], 3, [count], expect=True)[0]:
            questions = speaker.outcomes(prompt, answer, turn)
            row += [speaker.sample(prompt, answer), *questions]
            assert answer.outcomes is not None and len(questions) == len(problem.specs)
            expected += [answer.outcomes[number, question.targets[0]] for number, question in enumerate(questions)]
    packed = pack([row])
    logprobs, _ = log_probabilities(CompactTrainable(model).logits(packed), packed)
    asked = torch.tensor([len(sample.targets) == 1 for sample in row])[packed.answers]
    np.testing.assert_allclose(logprobs[asked].exp().detach().numpy(), expected, rtol=1e-4)
    # each question is one token more, not a history more
    assert packed.tokens < len(row[0].inputs) + 4 * 40 + len(row) * 20


def test_tree_of_text_equals_plain_batch() -> None:
    """Another architecture, another kind of token: any causal language model of transformers."""
    model = tiny_model(layers=3)
    generator = np.random.default_rng(0)
    prompt = generator.integers(2, 100, 30)
    samples = []
    for turn in range(3):
        for _ in range(4):
            answer = generator.integers(2, 100, int(generator.integers(3, 9)))
            samples.append(
                Sample(
                    np.concatenate([prompt[: 10 + 10 * turn], answer[:-1]]), answer, np.zeros(len(answer), np.float32)
                )
            )
    trainable = TextTrainable(model)
    with torch.no_grad():
        tree, plain = pack([samples]), padded(samples)
        one, _ = log_probabilities(trainable.logits(tree), tree)
        other, _ = log_probabilities(trainable.logits(plain), plain)
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=7), min_size=1, max_size=12))
def test_ancestors_are_exactly_the_samples_own_tokens(sequences: list[list[int]]) -> None:
    """Tokens of a small alphabet share a lot: each answered token sees its own sample's tokens in their order, and
    nothing else.
    """
    samples = [Sample(np.array(row), np.array([0]), np.zeros(1, np.float32)) for row in sequences]
    packed = pack([samples])
    assert packed.tokens == len({tuple(row[:end]) for row in sequences for end in range(1, len(row) + 1)})
    for index, row in zip(packed.select.tolist(), sequences, strict=True):
        seen = packed.mask[0, index].nonzero().squeeze(-1)
        order = seen[packed.positions[0, seen].argsort()]
        assert packed.ids[0, order].tolist() == row
        assert packed.positions[0, order].tolist() == list(range(len(row)))

"""The compact model: cached, branched and packed computations are the plain one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from eda_agent.agent.history import History
from eda_agent.agent.language import words
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.language.expectation import COUNT
from eda_agent.agent.language.model import CompactConfig, CompactModel
from eda_agent.agent.language.numpy_engine import load_numpy
from eda_agent.agent.language.prompt import Prompt
from eda_agent.agent.language.sampling import CompactSampler, draw
from eda_agent.agent.language.text import draw as draw_torch
from eda_agent.agent.language.torch_engine import TorchEngine, load_compact
from eda_agent.agent.policies.registry import make_policy
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from tests.train.histories import played


@pytest.fixture(scope="module")
def model() -> CompactModel:
    torch.manual_seed(1)
    made = CompactModel(CompactConfig(width=32, layers=3, heads=4, hidden=48))
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(2.0)  # sharper than a fresh one
    return made.eval()


def test_extended_and_branched_logits_are_the_plain_ones(model: CompactModel) -> None:
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1, 800, (3, 40, len(words.COLUMNS)), generator=generator)
    ids[..., words.COLUMNS.index("best")] = words.BEST + torch.randint(0, words.LEVELS, (3, 40), generator=generator)
    with torch.no_grad():
        plain = model(ids)
        lengths = torch.tensor([20, 13, 17])
        cache = model.extend(ids[:, :20], lengths, None)
        more = torch.stack([row[int(length) : int(length) + 6] for row, length in zip(ids, lengths, strict=True)])
        cache = model.extend(more, torch.tensor([6, 3, 5]), cache)
        branches: list[tuple[torch.Tensor, torch.Tensor]] = []
        for step in range(4):
            token = torch.stack([row[int(length) + step] for row, length in zip(ids, cache.lengths, strict=True)])[
                :, None
            ]
            logits = model.branch(token.expand(3, 5, -1), cache, branches)
            for row, length in enumerate(cache.lengths.tolist()):
                torch.testing.assert_close(logits[row, 3], plain[row, length + step], atol=1e-5, rtol=0)


def test_answers_have_the_log_probabilities_of_a_plain_pass(model: CompactModel, miller: Problem) -> None:
    """At every turn of growing histories, so that the sampler's cache is continued."""
    history = played(miller, 4)
    language = CompactLanguage(miller)
    sampler = CompactSampler(TorchEngine(model), 0.8)
    for count in range(1, 6):
        prompt = language.prompt(History(miller, history.turns[:count]))
        for answer in sampler.sample([prompt, prompt], 3, [count, count + 1])[1]:
            inputs = np.concatenate([prompt.tokens, prompt.inputs(answer.tokens)])[None]
            with torch.no_grad():
                logits = model(torch.from_numpy(inputs.astype(np.int64)))[0, -len(answer.tokens) :] / 0.8
            expected = logits.masked_fill(~torch.from_numpy(prompt.legal), float("-inf")).log_softmax(-1)
            chosen = expected.gather(-1, torch.from_numpy(answer.tokens)[:, None]).squeeze(-1)
            np.testing.assert_allclose(answer.logprobs, chosen.numpy(), atol=1e-5)


def test_an_answer_does_not_depend_on_its_neighbours(model: CompactModel, problems: dict[str, Problem]) -> None:
    """Circuits of different sizes side by side; the same first prompt gives the same answers."""
    prompts = [
        CompactLanguage(problems[name]).prompt(played(problems[name], 2))
        for name in ("ota_5t", "folded_cascode", "tia")
    ]
    together, alone = (
        CompactSampler(TorchEngine(model)).sample(prompts, 4, [7, 8, 9]),
        CompactSampler(TorchEngine(model)).sample(prompts[:1], 4, [7]),
    )
    assert [answer.tokens.tolist() for answer in together[0]] == [answer.tokens.tolist() for answer in alone[0]]
    for prompt, answers in zip(prompts, together, strict=True):
        for answer in answers:
            assert (
                len(answer.tokens) == len(prompt.asks)
                and prompt.legal[np.arange(len(answer.tokens)), answer.tokens].all()
            )


def test_the_longest_prompt_may_leave(model: CompactModel, problems: dict[str, Problem]) -> None:
    """A sampler's cache was padded for a prompt that is not asked again."""
    sampler = CompactSampler(TorchEngine(model))
    languages = {name: CompactLanguage(problems[name]) for name in ("folded_cascode", "ota_5t")}
    histories = {name: played(problems[name], 3) for name in languages}

    def prompt(name: str, turns: int) -> Prompt:
        return languages[name].prompt(History(problems[name], histories[name].turns[:turns]))

    sampler.sample([prompt("folded_cascode", 3), prompt("ota_5t", 1)], 2, [1, 2])
    continued = sampler.sample([prompt("ota_5t", 2)], 2, [3])[0]
    alone = CompactSampler(TorchEngine(model)).sample([prompt("ota_5t", 2)], 2, [3])[0]
    for one, other in zip(continued, alone, strict=True):
        assert one.tokens.tolist() == other.tokens.tolist()
        np.testing.assert_allclose(one.logprobs, other.logprobs, atol=1e-5)


def test_draw_follows_its_distribution() -> None:
    logits = np.broadcast_to(np.array([0.0, 1.0, 2.0, 50.0], np.float32), (200_000, 4))
    legal = np.array([True, True, True, False])
    uniform = np.random.default_rng(0).random(200_000, dtype=np.float32)
    chosen, logprob = draw(logits, legal, uniform)
    shares = np.bincount(chosen, minlength=4) / 200_000
    expected = np.exp([0.0, 1.0, 2.0]) / np.exp([0.0, 1.0, 2.0]).sum()
    np.testing.assert_allclose(shares[:3], expected, atol=4e-3)
    assert shares[3] == 0
    np.testing.assert_allclose(np.exp(logprob).mean(), (expected**2).sum(), atol=4e-3)
    other, its = draw_torch(torch.from_numpy(logits.copy()), torch.from_numpy(legal), torch.from_numpy(uniform))
    assert (other.numpy() != chosen).mean() < 1e-4  # a draw that falls on an edge
    np.testing.assert_allclose(its.numpy()[other.numpy() == chosen], logprob[other.numpy() == chosen], atol=1e-6)


def test_numpy_computes_what_torch_computes(model: CompactModel, tmp_path: Path, problems: dict[str, Problem]) -> None:
    """Logits and log-probabilities from the same file, for growing histories of different circuits side by side."""
    model.save_pretrained(tmp_path)
    engines = TorchEngine(load_compact(tmp_path)), load_numpy(tmp_path)
    # as many parameters, so that expectations can be asked for side by side
    names = ("two_stage_miller", "ldo")
    histories = {name: played(problems[name], 3) for name in names}
    languages = {name: CompactLanguage(problems[name]) for name in names}
    samplers = [CompactSampler(engine, 0.9) for engine in engines]
    for count in range(1, 4):
        prompts = [languages[name].prompt(History(problems[name], histories[name].turns[:count])) for name in names]
        ours, theirs = (sampler.sample(prompts, 5, [count, 9], expect=True) for sampler in samplers)
        for row, other in zip(ours, theirs, strict=True):
            for one, two in zip(row, other, strict=True):
                assert (
                    one.tokens.tolist() == two.tokens.tolist() and one.outcomes is not None and two.outcomes is not None
                )
                np.testing.assert_allclose(one.logprobs, two.logprobs, atol=1e-4)
                np.testing.assert_allclose(one.outcomes, two.outcomes, atol=1e-5)
                assert (
                    one.outcomes[:, :COUNT].sum(1) == pytest.approx(1.0, abs=1e-5) and not one.outcomes[:, COUNT:].any()
                )
    ids = np.concatenate([prompts[0].tokens, prompts[0].inputs(ours[0][0].tokens)])[None].astype(np.int64)
    with torch.no_grad():
        plain = model(torch.from_numpy(ids))[0, -1].numpy()
    cache = engines[1].extend(ids[:, :-1], np.array([ids.shape[1] - 1]), None)
    np.testing.assert_allclose(engines[1].branch(ids[:, -1:], cache, [])[0, 0], plain, atol=1e-4)


def test_another_version_of_the_language_is_refused(model: CompactModel, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace(f'"language": {words.VERSION}', '"language": 1'))
    with pytest.raises(InputError, match="uses version 1"):
        load_numpy(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    path.write_text(path.read_text().replace('"language": 1', f'"language": {words.VERSION}'))
    with pytest.raises(InputError, match="this is not a model"):
        load_numpy(tmp_path)


def test_a_saved_model_is_the_same_and_plays(model: CompactModel, tmp_path: Path, problems: dict[str, Problem]) -> None:
    model.save_pretrained(tmp_path)
    again = load_compact(tmp_path)
    assert all(
        torch.equal(one, other)
        for one, other in zip(model.state_dict().values(), again.state_dict().values(), strict=True)
    )
    policy = make_policy(f"local:{tmp_path}", 3)
    history = played(problems["tia"], 3)
    proposal = policy.propose(history)
    assert (
        proposal.sizing is not None
        and proposal.sizing == make_policy("local", 3, {"model": str(tmp_path)}).propose(history).sizing
    )
    assert proposal.sizing not in [turn.sizing for turn in history.turns]


def test_a_folder_without_a_model_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model in this folder"):
        make_policy("local", 0, {"model": str(tmp_path)})
    (tmp_path / "config.json").write_text('{"model_type": "eda-agent-compact"}')
    with pytest.raises(InputError, match="this is not a model"):
        make_policy("local", 0, {"model": str(tmp_path)})
    with pytest.raises(InputError, match="needs a model"):
        make_policy("local", 0)

"""The text policy samples replies of a causal language model in a folder; `local` uses it for such models."""

from __future__ import annotations

from pathlib import Path

from eda_agent.agent.history import History
from eda_agent.agent.language.grammar import Grammar
from eda_agent.agent.language.text import TextSampler, load_text, text_prompt
from eda_agent.agent.parse import parse_reply
from eda_agent.agent.policies.base import turn_seed
from eda_agent.agent.turn import Proposal


class TextPolicy:
    """A policy whose replies are constrained to the schema of the design space."""

    name = "local"

    def __init__(self, seed: int, folder: Path, temperature: float = 1.0, max_tokens: int = 600):
        self.seed = seed
        self.model, self.tokenizer = load_text(folder)
        self.sampler = TextSampler(self.model, self.tokenizer, temperature, max_tokens)
        self._grammar: tuple[object, Grammar] | None = None

    def propose(self, history: History) -> Proposal:
        space = history.problem.space
        if self._grammar is None or self._grammar[0] is not space:
            self._grammar = (space, Grammar(self.tokenizer, self.model.get_output_embeddings().weight.shape[0], space))
        prompt = text_prompt(self.tokenizer, history, self._grammar[1])
        answer = self.sampler.sample([prompt], 1, [turn_seed(self.seed, history)])[0][0]
        text = self.tokenizer.decode(answer.tokens, skip_special_tokens=True)
        best = history.incumbent
        proposal = parse_reply(text, space, best.sizing if best is not None and best.sizing else space.initial)
        return Proposal(proposal.sizing, proposal.reasoning, text, proposal.error, proposal.notes, self.name)

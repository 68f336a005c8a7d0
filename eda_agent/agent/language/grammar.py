"""A grammar constrains a language model to replies that are a legal sizing: at each token it gives the allowed next
tokens (xgrammar).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xgrammar
from numpy.typing import NDArray

from eda_agent.agent.parse import reply_schema
from eda_agent.problem.space import DesignSpace


class Grammar:
    """The JSON schema of a design space's replies, compiled for a tokenizer of transformers whose model has
    `vocabulary` logits.

    `ebnf`: the grammar as text, for servers that constrain replies.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, space: DesignSpace):
        self.vocabulary = vocabulary
        info = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=vocabulary)
        # no optional white space, so that every token carries information
        grammar = xgrammar.Grammar.from_json_schema(
            json.dumps(reply_schema(space)), any_whitespace=False, indent=None, separators=(",", ":")
        )
        self.ebnf = str(grammar)
        self._compiled = xgrammar.GrammarCompiler(info).compile_grammar(grammar)

    def replay(self, tokens: Sequence[int]) -> NDArray[np.int32]:
        """The allowed tokens at each position of a reply, as bits (tokens × words). Raises ValueError for a reply
        outside the grammar.
        """
        matcher, rows = self.matcher(), []
        for token in tokens:
            rows.append(matcher.allowed())
            if not matcher.accept(token):
                raise ValueError(f"token {token} does not follow the grammar")
        return np.stack(rows)

    def matcher(self) -> Matcher:
        """The state for one new reply."""
        return Matcher(self._compiled, self.vocabulary)


class Matcher:
    """A reply's state in the grammar."""

    def __init__(self, compiled: xgrammar.CompiledGrammar, vocabulary: int):
        self._matcher = xgrammar.GrammarMatcher(compiled)
        self._vocabulary = vocabulary

    def allowed(self) -> NDArray[np.int32]:
        """The allowed next tokens as bits: word i holds tokens 32 i to 32 i + 31, the lowest bit first."""
        bits = xgrammar.allocate_token_bitmask(1, self._vocabulary)
        self._matcher.fill_next_token_bitmask(bits)
        return np.asarray(bits[0].numpy().copy(), dtype=np.int32)

    def accept(self, token: int) -> bool:
        """Append a token; False if it is not allowed."""
        return bool(self._matcher.accept_token(token))

    @property
    def ended(self) -> bool:
        return bool(self._matcher.is_terminated())

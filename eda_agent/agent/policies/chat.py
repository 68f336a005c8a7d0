"""The chat policy asks a language model behind an OpenAI-compatible endpoint (vLLM included) for the next sizings.

The model calls tools (`eda_agent.tools`): it may ask about the circuit before it proposes. From an endpoint without
tools the policy requests a JSON object, and from one without that plain text. Reasoning is kept. Keys come from the
environment and are sent nowhere else (`secret`).
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from eda_agent.agent.history import History
from eda_agent.agent.parse import MAX_REPLY
from eda_agent.agent.policies.base import Toolbox
from eda_agent.agent.policies.chat_client import ChatClient, ContextOverflow, Filtered
from eda_agent.agent.policies.chat_meter import COUNTED, Limits, Meter, price_from
from eda_agent.agent.policies.chat_turn import ChatTurn
from eda_agent.agent.policies.secret import Secret, headers_from
from eda_agent.agent.prompt import Answer, Look, render
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError, MissingError

MAX_TOKENS = 8192
"""Limit of a reply: reasoning models need thousands before they answer."""
GIVE_UP_MODE = 2
"""Number of consecutive turns without a usable reply after which a simpler way of asking is tried."""
GIVE_UP = 3
"""The same in the simplest way, after which the run ends: every request may cost money."""
RECENT_TURNS = 50
"""Latest turns in which an earlier answer of a tool is looked for."""
LEVELS: tuple[dict[str, Any], ...] = ({}, {"best": 1, "last": 2}, {"best": 1, "last": 1, "netlist": False})
"""Arguments of the prompt, shorter from level to level, for models with a small context."""


class ChatPolicy:
    name = "chat"
    batches = True
    """Its proposals of one turn belong together: all of them are simulated."""

    def __init__(
        self,
        seed: int,
        endpoint: str | None = None,
        model: str | None = None,
        *,
        temperature: float | None = None,
        max_tokens: int = MAX_TOKENS,
        reasoning_effort: str | None = None,
        headers: str = "",
        timeout: float = 600.0,
        mode: str | None = None,
        request_seed: bool = True,
        max_cost: float | None = None,
        price: str | None = None,
        max_requests: int | None = None,
        total_tokens: int | None = None,
        max_seconds: float | None = None,
        replay: Path | str | None = None,
    ):
        """`timeout`: of one complete reply, in s. `request_seed`: whether each request carries a seed (vLLM 0.32 on a
        CPU crashes on it). `replay`: an exchange (`chat_exchange`) that answers in place of the endpoint.
        """
        from eda_agent.agent.policies.chat_exchange import RecordingTransport, ReplayTransport

        self.seed, self.search = seed, False
        self.toolbox: Toolbox | None = None
        self.endpoint = endpoint or os.environ.get("OPENAI_BASE_URL") or ("http://replay/v1" if replay else None)
        if not self.endpoint:
            raise InputError(
                "policy chat needs an endpoint\n    → --endpoint http://127.0.0.1:8000/v1, or OPENAI_BASE_URL"
            )
        given, hidden = headers_from(headers)
        self.secret = Secret(hidden)
        self.transport = ReplayTransport(Path(replay)) if replay else RecordingTransport(timeout, self.secret)
        try:
            prices = None if price is None else price_from(price)
        except ValueError:
            raise InputError(f"--price {price!r}: prompt and reply per million tokens, such as 3/15") from None
        self.meter = Meter(Limits(max_requests, total_tokens, max_seconds, max_cost, prices))
        self.client = ChatClient(
            self.endpoint, model, timeout=timeout, max_tokens=max_tokens, temperature=temperature,
            effort=reasoning_effort, headers=given, secret=self.secret, mode=mode, seed=request_seed,
            transport=self.transport, meter=self.meter,
        )  # fmt: skip
        self.level, self.unusable, self.repeats, self._told = 0, 0, 0, False

    @property
    def settings(self) -> dict[str, str]:
        """Endpoint and model, also if they come from the environment or the endpoint: a resumed run uses the same."""
        return {"endpoint": str(self.endpoint), "model": self.client.model}

    @property
    def spent(self) -> str:
        return self.meter.spent

    @property
    def stuck(self) -> str:
        return f"{self.client.model} proposes only sizings that were tried" if self.repeats >= GIVE_UP else ""

    @property
    def bill(self) -> str:
        return f"{self.client.model}: {self.meter.text}" if self.meter.used else ""

    def equip(self, toolbox: Toolbox) -> None:
        """Use these tools; the exchange is kept in the run's folder."""
        from eda_agent.agent.policies.chat_exchange import FILE, RecordingTransport

        self.toolbox = toolbox
        if isinstance(self.transport, RecordingTransport) and toolbox.folder is not None:
            self.transport.file = toolbox.folder / FILE

    def propose(self, history: History) -> Proposal:
        return self.proposals(history)[0]

    def proposals(self, history: History) -> list[Proposal]:
        self.meter.start_turn(used_by(history) if not self.meter.used else None)
        turn = ChatTurn(self.client, history, self.toolbox, self.search, self.seed + len(history.turns))
        found = self._played(history, turn)
        if getattr(self.transport, "differs", 0) and not self._told:
            self._told = True
            self.client.remarks.append(
                "the prompt differs from that of the recording; its replies are used all the same"
            )
        usable = found[0].sizing is not None or bool(turn.handover)
        self.repeats = 0 if usable else self.repeats + turn.repeated
        self.unusable = 0 if usable or turn.repeated else self.unusable + 1
        notes = self.client.take_remarks()
        if self.unusable >= GIVE_UP_MODE and self.client.next_mode():
            # some servers accept a tool's schema without enforcing it
            self.unusable = 0
        elif self.unusable >= GIVE_UP:
            raise MissingError(
                f"the model {self.client.model} gave no usable reply in {GIVE_UP} turns: {found[0].error}\n    →"
                " another --model, a larger --max-tokens, or continue with --resume"
            )
        return self._finished(found, turn, notes)

    def _played(self, history: History, turn: ChatTurn) -> list[Proposal]:
        """A turn with the prompt as long as the model's context allows; what is too long is remembered."""
        for _ in LEVELS:
            try:
                return turn.play(list(self._messages(history)))
            except ContextOverflow as error:
                if self.level == len(LEVELS) - 1:
                    raise MissingError(f"the prompt is too long for the model: {error}") from None
                self.level += 1
                self.client.remarks.append("the prompt is shortened from now on: the model's context is too short")
            except Filtered as error:
                return [Proposal(None, error=f"the provider's content filter refused the prompt: {error}"[:400])]
        raise AssertionError("the last level returns or raises")

    def _messages(self, history: History) -> list[dict[str, str]]:
        look: Look | None = None
        if self.toolbox is not None and self.level == 0:
            look = partial(self.toolbox.look, history)
        answer: Answer = "tool" if self.client.mode == "tool" else "json"
        return render(
            history,
            look=look,
            answer=answer,
            budget=self._budget(history),
            notes=notes_text(history),
            **LEVELS[self.level],
        )

    def _budget(self, history: History) -> str:
        left = self.toolbox.left(history) if self.toolbox is not None else None
        text = f"Simulations: {history.simulations} used" + (f", {left} left." if left is not None else ".")
        return f"{text} Language model: {self.meter.short}." if self.meter.used.get("requests") else text

    def _finished(self, found: list[Proposal], turn: ChatTurn, notes: tuple[str, ...]) -> list[Proposal]:
        """The proposals with their words, and with what the turn asked and used in the first of them."""
        asked: dict[str, Any] = {"usage": dict(self.meter.turn)}
        asked |= {"calls": turn.calls} if turn.calls else {}
        asked |= {"simulations": turn.simulations} if turn.simulations else {}
        asked |= {"batch": len(found)} if len(found) > 1 else {}
        result = []
        for number, one in enumerate(found):
            parts = [*(turn.thoughts if number == 0 else ()), turn.handover or one.reasoning.strip()]
            result.append(
                Proposal(
                    one.sizing,
                    "\n".join(part for part in parts if part),
                    turn.last[:MAX_REPLY] if number == 0 else "",
                    one.error if not turn.handover else "",
                    (*one.notes, *(notes if number == 0 else ())),
                    self.name,
                    turn.handover,
                    asked if number == 0 else None,
                )
            )
        return result


def used_by(history: History) -> dict[str, float]:
    """What language models used in all turns of a history."""
    total: dict[str, float] = {}
    for turn in history.turns:
        for name, amount in ((turn.proposal.asked or {}).get("usage") or {}).items():
            if name in COUNTED and isinstance(amount, (int, float)):
                total[name] = total.get(name, 0.0) + amount
    return total


def notes_text(history: History) -> str:
    """What the model asked for at a price while the same turn was the best."""
    best = history.incumbent
    if best is None:
        return ""
    for turn in reversed(history.turns[max(best.index + 1, len(history.turns) - RECENT_TURNS) :]):
        for call in reversed((turn.proposal.asked or {}).get("calls") or ()):
            if isinstance(call, dict) and call.get("simulations") and '"turn"' not in str(call.get("arguments")):
                return f"## Sensitivities of turn {best.index}, as you asked\n{call.get('text', '')}"
    return ""

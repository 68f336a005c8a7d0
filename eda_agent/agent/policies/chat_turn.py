"""A chat turn is the conversation with a language model until it proposes sizings: it asks tools, hears what is wrong
with a proposal, and answers again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eda_agent.agent.history import History, Standing
from eda_agent.agent.parse import MAX_REPLY, parse_reply, reply_schema
from eda_agent.agent.policies.base import Toolbox
from eda_agent.agent.policies.chat_client import ChatClient
from eda_agent.agent.policies.chat_reply import ChatReply, ToolCall
from eda_agent.agent.proposing import DESCRIPTION, NAME, fresh, objections, propose_schema, read_proposals
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError

ROUNDS = 8
"""Requests of one turn; in the last the model must propose."""
UNUSABLE = 2
"""Replies of one turn that cannot be used before the turn is given up."""
HAND_OVER = "hand_over"
KEPT = 1500
"""Characters of a tool's text that the journal keeps."""
MOST_TEXT = 12_000
"""Characters of a tool's text that the model receives."""


@dataclass
class ChatTurn:
    """One turn with a model.

    Attributes:
        search: whether there is a search to hand over to.
        calls: what the model asked, as plain data; `simulations` that it cost.
        thoughts: reasoning of the provider beside the replies.
        last: text of the last reply.
        repeated: the model proposed only what was simulated before, also after it was told.
    """

    client: ChatClient
    history: History
    toolbox: Toolbox | None
    search: bool
    seed: int
    calls: list[dict[str, Any]] = field(default_factory=list)
    simulations: int = 0
    thoughts: list[str] = field(default_factory=list)
    last: str = ""
    objected: bool = False
    handover: str = ""
    repeated: bool = False
    objection: str = ""

    def play(self, messages: list[dict[str, Any]]) -> list[Proposal]:
        """The proposals of a turn that begins with these messages; one without a sizing, with the reason, if the model
        gave none that can be used, or if it hands over (`handover`).
        """
        error, unusable = "", 0
        for number in range(ROUNDS):
            if number and self.client.meter.spent:
                break
            only = NAME if number == ROUNDS - 1 or self.toolbox is None else ""
            schema = reply_schema(self.history.problem.space)
            reply = self.client.ask(messages, self._tools(), schema, self.seed + number, only=only)
            if reply.reasoning.strip():
                self.thoughts.append(reply.reasoning.strip())
            found, error = self._read(reply, messages)
            if found:
                self.handover = ""
                return found
            if self.handover:
                return [Proposal(None)]
            unusable += bool(error)
            if self.repeated or unusable >= UNUSABLE:
                break
        return [Proposal(None, error=error or self.objection or "no sizing was proposed")]

    def _tools(self) -> list[dict[str, Any]]:
        problem = self.history.problem
        if self.toolbox is not None:
            return self.toolbox.schemas(problem, search=self.search)
        function = {"name": NAME, "description": DESCRIPTION, "parameters": propose_schema(problem)}
        return [{"type": "function", "function": function}]

    def _read(self, reply: ChatReply, messages: list[dict[str, Any]]) -> tuple[list[Proposal], str]:
        """(proposals, why the reply cannot be used); neither if the model goes on. The conversation grows."""
        self.last = reply.content or next((call.arguments for call in reply.calls), "")
        if reply.calls:
            return self._called(reply, messages)
        if reply.empty:
            return [], _why_empty(reply)
        base = self._base()
        read = parse_reply(reply.content, self.history.problem.space, base)
        given = self._several(reply.content, base) if read.sizing is None else [read]
        if not given:
            messages += [{"role": "assistant", "content": reply.content[:4000]}]
            messages += [{"role": "user", "content": f"Your reply could not be used: {read.error}"}]
            return [], read.error
        found, objection = self._judged(given)
        if objection:
            messages += [{"role": "assistant", "content": reply.content[:4000]}]
            messages += [{"role": "user", "content": objection}]
        return found, "" if found or self.objected else objection

    def _several(self, content: str, base: Mapping[str, float]) -> list[Proposal]:
        """The proposals of a reply that has the form of a call of `propose`, but as text."""
        try:
            data = json.loads(content)
            return list(read_proposals(self.history.problem, base, {"reasoning": "", **data}, self._left()))
        except (ValueError, TypeError, KeyError, RecursionError, InputError):
            return []

    def _called(self, reply: ChatReply, messages: list[dict[str, Any]]) -> tuple[list[Proposal], str]:
        messages.append(_assistant(reply))
        found: list[Proposal] = []
        wrong, asked = "", False
        for number, call in enumerate(reply.calls):
            try:
                text, proposals = self._call(call)
                found += proposals
                asked = asked or call.name != NAME
            except InputError as error:
                text = wrong = str(error)
            messages.append({"role": "tool", "tool_call_id": call.id or f"call{number}", "content": text[:MOST_TEXT]})
        return found, "" if found or asked else wrong

    def _call(self, call: ToolCall) -> tuple[str, list[Proposal]]:
        """(what the model hears, proposals). Raises `InputError` with a message for the model."""
        if _is_sizing(call):
            base = self._base()
            read = parse_reply(call.arguments, self.history.problem.space, base)
            if read.sizing is None:
                raise InputError(read.error)
            found, objection = self._judged([read])
            return objection or "simulated", found
        if self.toolbox is None:
            try:
                arguments = json.loads(call.arguments or "{}")
                given = read_proposals(self.history.problem, self._base(), {"reasoning": "", **arguments})
            except (ValueError, TypeError, KeyError, RecursionError):
                raise InputError("propose: the arguments are reasoning and sizings") from None
            found, objection = self._judged(list(given))
            return objection or "simulated", found
        if call.name == HAND_OVER and not self.search:
            raise InputError("there is no search to hand over to; propose a sizing")
        answer = self.toolbox.call(call.name, call.arguments, self._counted())
        if answer.proposals:
            found, objection = self._judged(list(answer.proposals))
            return objection or "simulated", found
        self.simulations += answer.simulations
        self.handover = answer.handover or self.handover
        entry = {"tool": call.name, "arguments": call.arguments[:KEPT], "text": answer.text[:KEPT]}
        self.calls.append({**entry, **({"simulations": answer.simulations} if answer.simulations else {})})
        return answer.text, []

    def _judged(self, given: list[Proposal]) -> tuple[list[Proposal], str]:
        """(proposals to simulate, what the model hears instead). The second time what is clipped is simulated as it is,
        but never what was simulated before.
        """
        said = objections(self.history, given)
        if said and not self.objected:
            self.objected = True
            return [], (
                f"Not simulated yet: {'; '.join(said)}. Propose again, with other values where they matter; a moved"
                " value is then simulated as it is."
            )
        found = fresh(self.history, given)
        if not found:
            self.repeated = True
            self.objection = f"Not simulated: {'; '.join(said)}. Propose sizes that were not tried."
            return [], self.objection
        return found, ""

    def _base(self) -> Mapping[str, float]:
        best = self.history.incumbent
        return best.sizing if best and best.sizing else self.history.problem.space.initial

    def _left(self) -> int | None:
        return self.toolbox.left(self._counted()) if self.toolbox is not None else None

    def _counted(self) -> History:
        """The history with what this turn's tools have cost so far, for the budget."""
        known = self.history
        if not self.simulations:
            return known
        standing = Standing(known.problem, known.turns, known.incumbent, known.simulations + self.simulations)
        return History(known.problem, known.turns, known.hints, standing)


def _is_sizing(call: ToolCall) -> bool:
    """Whether a call has the form of a plain reply, whatever it is named."""
    return '"sizing"' in call.arguments[:MAX_REPLY] and '"sizings"' not in call.arguments[:MAX_REPLY]


def _assistant(reply: ChatReply) -> dict[str, Any]:
    calls = [
        {
            "id": call.id or f"call{number}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for number, call in enumerate(reply.calls)
    ]
    return {"role": "assistant", "content": reply.content or None, "tool_calls": calls}


def _why_empty(reply: ChatReply) -> str:
    if reply.finish == "content_filter" or reply.refusal:
        return f"the provider's content filter withheld the reply {reply.refusal[:200]}".strip()
    if reply.finish == "length":
        return "the reply was cut off by its length before the answer; think more briefly"
    return "the model's answer was empty"

"""A chat reply is one completion of an endpoint, whole or streamed, in the words of any provider: content, reasoning,
tool calls, why it ended, and what it used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from eda_agent.errors import visible

MOST_CALLS = 16
"""Tool calls of one reply that are read."""
_REASONING = ("reasoning_content", "reasoning", "thinking")


@dataclass
class ToolCall:
    """`arguments`: JSON text."""

    id: str
    name: str
    arguments: str


@dataclass
class ChatReply:
    """`finish`: the provider's word for why it ended (stop, length, tool_calls, content_filter, …). `usage`: counts of
    tokens by their name here (in, out, cached, reasoning) and `cost`, as far as the provider gives them.
    """

    content: str = ""
    reasoning: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    finish: str = ""
    refusal: str = ""
    usage: dict[str, float] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not self.content.strip() and not self.calls


def whole_reply(answer: Any) -> ChatReply:
    """A reply that came at once. Raises `ValueError` for another kind of text, such as a login page."""
    if isinstance(answer, str):
        raise ValueError(visible(answer[:100]))
    reply = ChatReply(usage=usage_of(getattr(answer, "usage", None)))
    if not answer.choices:
        return reply
    choice = answer.choices[0]
    message = choice.message
    reply.finish = str(choice.finish_reason or "")
    reply.content, reply.refusal = _text(message.content), _text(getattr(message, "refusal", None))
    reply.reasoning = _reasoning(message)
    for call in list(message.tool_calls or ())[:MOST_CALLS]:
        function = getattr(call, "function", None)
        if function is not None:
            reply.calls.append(ToolCall(str(call.id or ""), str(function.name or ""), str(function.arguments or "")))
    return reply


def streamed_reply(chunks: Iterable[Any]) -> ChatReply:
    """A reply put together from its pieces."""
    reply, calls = ChatReply(), dict[int, ToolCall]()
    for chunk in chunks:
        reply.usage = usage_of(getattr(chunk, "usage", None)) or reply.usage
        if not chunk.choices:
            continue
        choice = chunk.choices[0]
        reply.finish = str(choice.finish_reason or reply.finish)
        delta = choice.delta
        if delta is None:
            continue
        reply.content += _text(delta.content)
        reply.refusal += _text(getattr(delta, "refusal", None))
        reply.reasoning += _reasoning(delta)
        for place, piece in enumerate(delta.tool_calls or ()):
            _add(calls, place if piece.index is None else piece.index, piece)
    reply.calls = [call for _, call in sorted(calls.items())][:MOST_CALLS]
    return reply


def _add(calls: dict[int, ToolCall], place: int, piece: Any) -> None:
    call = calls.setdefault(place, ToolCall("", "", ""))
    call.id = call.id or str(piece.id or "")
    if piece.function is not None:
        call.name += str(piece.function.name or "")
        call.arguments += str(piece.function.arguments or "")


def usage_of(usage: Any) -> dict[str, float]:
    """The counts of a provider's usage, by their names here."""
    if usage is None:
        return {}
    inside, outside = getattr(usage, "prompt_tokens_details", None), getattr(usage, "completion_tokens_details", None)
    found = {
        "in": getattr(usage, "prompt_tokens", None),
        "out": getattr(usage, "completion_tokens", None),
        "cached": getattr(inside, "cached_tokens", None),
        "reasoning": getattr(outside, "reasoning_tokens", None),
        # some providers bill in the reply
        "cost": getattr(usage, "cost", None),
    }
    return {name: float(value) for name, value in found.items() if isinstance(value, (int, float)) and value >= 0}


def _text(content: Any) -> str:
    """Content as text; some providers return a list of parts."""
    if isinstance(content, list):
        parts = [part.get("text", "") if isinstance(part, dict) else getattr(part, "text", "") for part in content]
        return "".join(part for part in parts if isinstance(part, str))
    return str(content or "")


def _reasoning(message: Any) -> str:
    for name in _REASONING:
        found = getattr(message, name, None)
        if isinstance(found, str) and found:
            return found
    return ""

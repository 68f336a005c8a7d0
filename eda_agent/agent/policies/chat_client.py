"""A chat client asks an OpenAI-compatible endpoint for one completion and adapts to what the endpoint can do.

What a provider refuses is left out from then on: another name of the token limit, temperature, seed, reasoning effort,
tools, JSON mode, whole replies. What it refuses for good is one message for the user.
"""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eda_agent.agent.policies.chat_meter import Meter
from eda_agent.agent.policies.chat_reply import ChatReply, streamed_reply, whole_reply
from eda_agent.agent.policies.secret import Secret, plain_address
from eda_agent.errors import InputError, MissingError, visible

MODES = ("tool", "json", "text")
RETRIES = 4
"""Attempts to reach an endpoint, with growing pauses, before the run ends."""
WAIT = 600.0
"""Longest pause in s that an endpoint may ask for."""
MOST_TOKENS = 65_536
"""Highest limit of a reply's tokens that is tried by itself."""
ADAPTATIONS = 12
"""Refusals of one request that are adapted to."""
_NO_COMPLETION = (ValueError, AttributeError, TypeError, KeyError, IndexError)
"""What the client raises for a reply of another form."""
_LONG = re.compile(r"context|too (long|large|many tokens)|maximum.{0,20}(length|tokens)|prompt is|token limit", re.I)


class ContextOverflow(Exception):
    """The prompt is longer than the model's context."""


class Filtered(Exception):
    """The provider's content filter refused the prompt."""


@dataclass
class Abilities:
    """What the endpoint is asked with; a refusal takes one of them away.

    Attributes:
        modes: the ways of asking for a sizing that are left, the richest first.
        forced: whether a tool call can be required.
        limit_name: its name of the limit of a reply's tokens.
        schema: whether the JSON mode takes a schema.
    """

    modes: list[str] = field(default_factory=lambda: list(MODES))
    temperature: bool = True
    seed: bool = True
    effort: bool = True
    forced: bool = True
    stream: bool = False
    stream_usage: bool = True
    schema: bool = True
    limit_name: str = "max_tokens"
    limited: bool = True


class ChatClient:
    """`temperature`, `effort`: None leaves the provider's. `max_tokens`: of one reply, the reasoning included."""

    def __init__(
        self, endpoint: str, model: str | None, *, timeout: float, max_tokens: int, temperature: float | None,
        effort: str | None, headers: Mapping[str, str], secret: Secret, mode: str | None, seed: bool, transport: Any,
        meter: Meter,
    ):  # fmt: skip
        import httpx2 as httpx
        import openai

        if mode not in {None, *MODES}:
            raise InputError(f"unknown chat mode {mode!r}\n    → one of {', '.join(MODES)}")
        self.endpoint = plain_address(endpoint)
        self.secret = secret
        self.meter, self.max_tokens, self.temperature, self.effort = meter, max_tokens, temperature, effort
        self.able = Abilities(modes=[mode] if mode else list(MODES), seed=seed)
        self.remarks: list[str] = []
        """What was adapted since the last `take_remarks`."""
        self.sleep: Callable[[float], None] = time.sleep
        self.client = openai.OpenAI(
            base_url=self.endpoint, api_key=self.secret.key or "none", timeout=timeout, max_retries=RETRIES,
            default_headers=dict(headers),
            http_client=httpx.Client(transport=transport, timeout=timeout, follow_redirects=False),
        )  # fmt: skip
        self.model = model or self._only_model()

    @property
    def mode(self) -> str:
        """The present way of asking: tool, json or text."""
        return self.able.modes[0]

    def next_mode(self) -> bool:
        """Ask in a simpler way from now on; returns whether there is one."""
        if len(self.able.modes) < 2:
            return False
        self.remarks.append(f"asked without {'tools' if self.able.modes.pop(0) == 'tool' else 'JSON mode'} from now on")
        return True

    def take_remarks(self) -> tuple[str, ...]:
        """The remarks since the last call."""
        found, self.remarks = tuple(self.remarks), []
        return found

    def ask(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]], schema: Mapping[str, Any],
        seed: int, *, only: str = "",
    ) -> ChatReply:  # fmt: skip
        """One completion.

        Args:
            messages: the conversation.
            tools: offered in mode tool; `only`: the one that must be called.
            schema: of the reply in mode json.
            seed: of the request.

        Raises:
            ContextOverflow, Filtered: the prompt was refused.
            MissingError: the endpoint does not answer, or refuses whatever is asked.
        """
        import openai

        strange, waited = 0, 0
        for _ in range(ADAPTATIONS):
            try:
                return self._within_limit(messages, tools, schema, seed, only)
            except (openai.BadRequestError, openai.UnprocessableEntityError, openai.NotFoundError) as error:
                if not self._adapts(error):
                    raise MissingError(f"the endpoint refuses the request: {self._words(error)}") from None
            except (openai.APIConnectionError, openai.InternalServerError, openai.RateLimitError) as error:
                # the client has already retried with short pauses
                pause = _retry_after(error)
                if not 0 < pause <= WAIT or waited >= 2:
                    raise MissingError(
                        f"the endpoint {self.endpoint} does not answer: {self._words(error)}\n    → restart it and"
                        " continue with --resume"
                    ) from None
                waited += 1
                self.remarks.append(f"the endpoint asked for a pause of {pause:g} s")
                self.sleep(pause)
            except openai.OpenAIError as error:
                raise MissingError(f"the endpoint {self.endpoint}: {self._words(error)}") from None
            except _NO_COMPLETION as error:
                # a login page, a proxy's error page: the client accepts any content with status 200
                strange += 1
                if strange > RETRIES:
                    raise MissingError(
                        f"the endpoint {self.endpoint} does not return a chat completion ({type(error).__name__}:"
                        f" {self._words(error)[:200]})\n    → check that the address is that of the API, ending in /v1"
                    ) from None
                self.sleep(0.1 * 2**strange)
        raise MissingError(f"the endpoint {self.endpoint} refuses every form of the request")

    def _within_limit(self, messages: Any, tools: Any, schema: Any, seed: int, only: str) -> ChatReply:
        """The reply; one that was cut off by length is asked for once more with a higher limit, which stays."""
        reply = self._request(messages, tools, schema, seed, only)
        more = min(4 * self.max_tokens, MOST_TOKENS)
        if reply.finish == "length" and self.able.limited and more > self.max_tokens and not _complete(reply):
            before, self.max_tokens = self.max_tokens, more
            self.remarks.append(f"the reply was cut off at {before} tokens; asked again with {self.max_tokens}")
            reply = self._request(messages, tools, schema, seed, only)
        return reply

    def _request(self, messages: Any, tools: Any, schema: Any, seed: int, only: str) -> ChatReply:
        able, extra = self.able, dict[str, Any]()
        if able.seed:
            extra["seed"] = seed
        if able.temperature and self.temperature is not None:
            extra["temperature"] = self.temperature
        if able.effort and self.effort is not None:
            extra["reasoning_effort"] = self.effort
        if able.limited:
            extra[able.limit_name] = self.max_tokens
        if self.mode == "tool":
            extra["tools"] = list(tools)
            if able.forced:
                extra["tool_choice"] = {"type": "function", "function": {"name": only}} if only else "required"
        elif self.mode == "json":
            named = {"name": "sizing", "schema": schema, "strict": True}
            form = {"type": "json_schema", "json_schema": named} if able.schema else {"type": "json_object"}
            extra["response_format"] = form
        if able.stream:
            extra |= {"stream": True, **({"stream_options": {"include_usage": True}} if able.stream_usage else {})}
        start = time.perf_counter()
        answer: Any = self.client.chat.completions.create(model=self.model, messages=messages, **extra)
        reply = streamed_reply(answer) if able.stream else whole_reply(answer)
        self.meter.count(reply.usage, time.perf_counter() - start)
        for name in ("content", "reasoning", "refusal"):
            setattr(reply, name, self.secret.without(getattr(reply, name)))
        for call in reply.calls:
            call.arguments = self.secret.without(call.arguments)
        return reply

    def _adapts(self, error: Any) -> bool:
        """Take away what the endpoint refuses; returns whether something else can be tried."""
        text, able = f"{error} {getattr(error, 'code', '')}".lower(), self.able
        if "content_filter" in text or "content management policy" in text:
            raise Filtered(self._words(error)) from None
        if able.limited and 256 <= (room := _room(text)) < self.max_tokens:
            self.max_tokens = room
        elif able.limited and "max_completion_tokens" in text and able.limit_name == "max_tokens":
            able.limit_name = "max_completion_tokens"
        elif able.limited and "max_tokens" in text and (found := re.search(r"(?:at most|<=?|maximum of) ?(\d+)", text)):
            able.limited, self.max_tokens = int(found[1]) < self.max_tokens, int(found[1])
        elif able.limited and re.search(r"max_(completion_)?tokens", text) and "context" not in text:
            able.limited = False
        elif able.temperature and self.temperature is not None and "temperature" in text:
            able.temperature = False
        elif able.effort and self.effort is not None and "effort" in text:
            able.effort = False
        elif able.seed and re.search(r"\bseed\b", text):
            able.seed = False
        elif able.stream and able.stream_usage and "stream_options" in text:
            able.stream_usage = False
        elif not able.stream and "stream" in text:
            able.stream = True
        elif able.forced and "tool_choice" in text:
            able.forced = False
        elif self.mode == "json" and able.schema and "json_schema" in text:
            able.schema = False
        elif _LONG.search(text) and "tool" not in text:
            raise ContextOverflow(self._words(error)) from None
        else:
            return self.next_mode()
        return True

    def _only_model(self) -> str:
        import openai

        try:
            names = [entry.id for entry in self.client.models.list().data]
        except openai.OpenAIError as error:
            raise MissingError(
                f"the endpoint {self.endpoint} does not answer: {self._words(error)}\n    → check that the server runs,"
                " or name a model with --model"
            ) from None
        if len(names) != 1:
            some = self.secret.without(" or ".join(shlex.quote(name) for name in names[:5]))
            raise InputError(f"the endpoint serves {len(names)} models\n    → --model {some or 'NAME'}")
        return names[0]

    def _words(self, error: Exception) -> str:
        return visible(self.secret.without(str(error)))[:2000]


def _complete(reply: ChatReply) -> bool:
    """Whether a reply that ended by length holds an answer all the same."""
    return any(call.arguments.rstrip().endswith("}") for call in reply.calls) or reply.content.rstrip().endswith("}")


def _room(text: str) -> int:
    """The tokens that a context leaves for the reply, as some servers say: 0 if they do not."""
    found = re.search(r"context length (?:is|of) (\d+)\D.*?(\d+) (?:input|prompt|tokens (?:in|from) )", text, re.DOTALL)
    return int(found[1]) - int(found[2]) - 16 if found else 0


def _retry_after(error: Any) -> float:
    """The pause in s that an endpoint asks for, 0 without one."""
    response = getattr(error, "response", None)
    try:
        return float(response.headers.get("retry-after", "0")) if response is not None else 0.0
    except ValueError:
        return 0.0

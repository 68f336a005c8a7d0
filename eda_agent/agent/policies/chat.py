"""The chat policy asks a language model behind an OpenAI-compatible endpoint (vLLM included) for the next sizing.

It requests a tool call whose arguments follow a JSON schema of the design space. From an endpoint without tools it
requests a JSON object with the same schema, and from one without that plain text. Reasoning is kept. The key comes from
the environment (`OPENAI_API_KEY`) and is sent nowhere else (`secret`).
"""

from __future__ import annotations

import os
import shlex
import time
from typing import Any

from eda_agent.agent.history import History
from eda_agent.agent.parse import MAX_REPLY, parse_reply, reply_schema
from eda_agent.agent.policies.secret import Secret, plain_address
from eda_agent.agent.prompt import render
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError, MissingError, visible

MODES = ("tool", "json", "text")
GIVE_UP_MODE = 2
"""Number of consecutive unusable replies after which the next mode is tried."""
RETRIES = 4
"""Attempts to reach an endpoint, with growing pauses, before the run ends."""
_NO_COMPLETION = (ValueError, AttributeError, TypeError, KeyError, IndexError)
"""What the client raises for a reply of another form."""


class ChatPolicy:
    name = "chat"

    def __init__(
        self,
        seed: int,
        endpoint: str | None = None,
        model: str | None = None,
        *,
        temperature: float = 0.7,
        max_tokens: int = 2048,
        timeout: float = 120.0,
        mode: str | None = None,
        best: int = 3,
        last: int = 4,
        request_seed: bool = True,
    ):
        """`timeout`: of one complete reply, in s. `request_seed`: whether each request carries a seed (vLLM 0.32 on a
        CPU crashes on it).
        """
        import httpx2 as httpx
        import openai

        from eda_agent.agent.policies.limited_transport import LimitedTransport

        self.request_seed = request_seed
        self.seed, self.temperature, self.max_tokens = seed, temperature, max_tokens
        self.best, self.last = best, last
        self.endpoint = endpoint or os.environ.get("OPENAI_BASE_URL")
        if not self.endpoint:
            raise InputError(
                "policy chat needs an endpoint\n    → --endpoint http://127.0.0.1:8000/v1, or OPENAI_BASE_URL"
            )
        if mode not in {None, *MODES}:
            raise InputError(f"unknown chat mode {mode!r}\n    → one of {', '.join(MODES)}")
        self.endpoint = plain_address(self.endpoint)
        self.secret = Secret()
        self.client = openai.OpenAI(
            base_url=self.endpoint, api_key=self.secret.key or "none", timeout=timeout, max_retries=RETRIES,
            http_client=httpx.Client(transport=LimitedTransport(timeout), timeout=timeout, follow_redirects=False),
        )  # fmt: skip
        self.modes = [mode] if mode else list(MODES)
        self.unusable = 0
        self.model = model or self._only_model()

    @property
    def settings(self) -> dict[str, str]:
        """Endpoint and model, also if they come from the environment or the endpoint: a resumed run uses the same."""
        return {"endpoint": str(self.endpoint), "model": self.model}

    def propose(self, history: History) -> Proposal:
        space = history.problem.space
        best = history.incumbent
        start = best.sizing if best and best.sizing else space.initial
        content, reasoning = map(self.secret.without, self._ask(history))
        if not content:
            return Proposal(None, reasoning, "", "the model's answer was empty", policy=self.name)
        proposal = parse_reply(content, space, start)
        self.unusable = 0 if proposal.sizing is not None else self.unusable + 1
        if self.unusable == GIVE_UP_MODE and len(self.modes) > 1:
            # some servers accept a tool's schema without enforcing it
            self.modes.pop(0)
            self.unusable = 0
        thoughts = "\n".join(part for part in (reasoning.strip(), proposal.reasoning.strip()) if part)
        return Proposal(proposal.sizing, thoughts, content[:MAX_REPLY], proposal.error, proposal.notes, self.name)

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
        return visible(self.secret.without(str(error)))

    def _ask(self, history: History) -> tuple[str, str]:
        """(reply, reasoning) from the endpoint, in the richest mode that it supports."""
        import openai

        messages: Any = render(history, best=self.best, last=self.last)
        schema = reply_schema(history.problem.space)
        strange = 0
        while True:
            try:
                return self._request(messages, schema, self.modes[0], self.seed + len(history.turns))
            except openai.BadRequestError as error:
                # status 400 means a missing feature, or a prompt that is too long
                if "context" in str(error).lower() and (self.best, self.last) != (1, 1) and self.last > 1:
                    self.best, self.last = 1, 1
                    messages = render(history, best=1, last=1, netlist=False)
                elif len(self.modes) > 1:
                    self.modes.pop(0)
                else:
                    raise MissingError(f"the endpoint refuses the request: {self._words(error)}") from None
            except (openai.APIConnectionError, openai.InternalServerError, openai.RateLimitError) as error:
                # the client has already retried with pauses
                raise MissingError(
                    f"the endpoint {self.endpoint} does not answer: {self._words(error)}\n    → restart it and continue"
                    " with --resume"
                ) from None
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
                time.sleep(0.1 * 2**strange)

    def _request(self, messages: Any, schema: dict[str, Any], mode: str, seed: int) -> tuple[str, str]:
        extra: dict[str, Any] = {"seed": seed} if self.request_seed else {}
        if mode == "tool":
            extra["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": "propose_sizing",
                        "description": "propose the next complete sizing",
                        "parameters": schema,
                    },
                }
            ]
            extra["tool_choice"] = {"type": "function", "function": {"name": "propose_sizing"}}
        elif mode == "json":
            extra["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "sizing", "schema": schema, "strict": True},
            }
        answer = self.client.chat.completions.create(
            model=self.model, messages=messages, temperature=self.temperature, max_tokens=self.max_tokens, **extra
        )
        if isinstance(answer, str):
            raise ValueError(visible(answer[:100]))
        if not answer.choices:
            return "", ""
        message = answer.choices[0].message
        # vLLM and others return the reasoning beside the content
        reasoning = str(getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None) or "")
        for call in message.tool_calls or ():
            function = getattr(call, "function", None)
            if function is not None:
                return str(function.arguments), reasoning or str(message.content or "")
        return str(message.content or ""), reasoning

"""A meter counts what a language model costs: requests, tokens, seconds, money. A limit that is reached ends the use of
the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eda_agent.errors import InputError
from eda_agent.units import counted

COUNTED = ("requests", "in", "out", "cached", "reasoning", "seconds", "cost")


@dataclass
class Limits:
    """Limits of a run's use of a model; None for none.

    Attributes:
        requests: number of requests.
        tokens: of prompts and replies together.
        seconds: waiting for the endpoint.
        cost: in the currency of `price`.
        price: (prompt, reply) per million tokens, for endpoints that do not bill in their replies.
    """

    requests: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    cost: float | None = None
    price: tuple[float, float] | None = None


@dataclass
class Meter:
    """`used`: amounts since the start of the run, by the names of `COUNTED`; `turn`: those of the present turn."""

    limits: Limits = field(default_factory=Limits)
    used: dict[str, float] = field(default_factory=dict)
    turn: dict[str, float] = field(default_factory=dict)

    def start_turn(self, before: Mapping[str, float] | None = None) -> None:
        """Begin a turn. `before`: what earlier processes used, of a resumed run."""
        self.used, self.turn = dict(before) if before is not None else self.used, {}

    def count(self, usage: Mapping[str, float], seconds: float) -> None:
        """Count a request with its reply. Raises `InputError` for a limit of the cost that cannot be counted."""
        amounts = {**usage, "requests": 1.0, "seconds": seconds}
        if "cost" not in usage and self.limits.price is not None:
            prompt, reply = self.limits.price
            amounts["cost"] = (usage.get("in", 0.0) * prompt + usage.get("out", 0.0) * reply) / 1e6
        for name, amount in amounts.items():
            self.used[name] = self.used.get(name, 0.0) + amount
            self.turn[name] = self.turn.get(name, 0.0) + amount
        if self.limits.cost is not None and "cost" not in amounts:
            raise InputError(
                "--max-cost needs prices: the endpoint does not say what a reply costs\n    → --price IN/OUT per"
                " million tokens, such as --price 3/15"
            )

    @property
    def spent(self) -> str:
        """Which limit is reached, or ""."""
        used, limits = self.used, self.limits
        tokens = used.get("in", 0.0) + used.get("out", 0.0)
        for limit, amount, words in (
            (limits.requests, used.get("requests", 0.0), "requests"),
            (limits.tokens, tokens, "tokens"),
            (limits.seconds, used.get("seconds", 0.0), "seconds"),
            (limits.cost, used.get("cost", 0.0), "cost"),
        ):
            if limit is not None and amount >= limit:
                return f"the language model has used its limit of {words} ({limit:g})"
        return ""

    @property
    def short(self) -> str:
        """Requests and tokens, which are the same whenever a run is replayed."""
        used = self.used
        parts = [counted(int(used.get("requests", 0)), "request")]
        if used.get("in") or used.get("out"):
            parts.append(f"{used.get('in', 0):,.0f} tokens in, {used.get('out', 0):,.0f} out")
        return ", ".join(parts)

    @property
    def text(self) -> str:
        """What was used, in one line."""
        used = self.used
        cached = f" ({used['cached']:,.0f} cached)" if used.get("cached") else ""
        parts = [f"{self.short}{cached}", f"{used.get('seconds', 0):.1f} s"]
        if "cost" in used:
            limit = f" of {self.limits.cost:g}" if self.limits.cost is not None else ""
            parts.append(f"cost {used['cost']:.4g}{limit}")
        return ", ".join(parts)


def price_from(text: str) -> tuple[float, float]:
    """`3/15`: prompt and reply per million tokens. Raises `ValueError`."""
    prompt, slash, reply = text.partition("/")
    found = float(prompt), float(reply if slash else prompt)
    if min(found) < 0:
        raise ValueError("a price is not negative")
    return found

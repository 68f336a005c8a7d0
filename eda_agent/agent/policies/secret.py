"""A secret is the key of an endpoint. It is sent in a request's header and removed from everything that comes back."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from eda_agent.errors import InputError

VARIABLE = "OPENAI_API_KEY"
SHORTEST = 6
"""Minimum length of a key that is removed: shorter texts ("none", "x") are no keys and occur in every text."""


class Secret:
    """The key of the environment."""

    def __init__(self) -> None:
        self.key = os.environ.get(VARIABLE, "")

    def without(self, text: str) -> str:
        """A text of the endpoint with the key replaced: some servers repeat a wrong key in their error, and a hostile
        one may return it as a reply.
        """
        return text.replace(self.key, "[key]") if len(self.key) >= SHORTEST else text


def plain_address(endpoint: str) -> str:
    """The endpoint, if its address has no name, password or parameters, because addresses appear in messages and
    journals. Raises `InputError`.
    """
    parts = urlsplit(endpoint)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(
            f"the endpoint's address carries a name, a password or parameters\n    → put the key into {VARIABLE} and"
            " leave it out of the address"
        )
    return endpoint

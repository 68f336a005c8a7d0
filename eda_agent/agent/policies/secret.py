"""A secret is the key of an endpoint. It goes into a request's header; what comes back may hold it, and is told without."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from eda_agent.errors import InputError

VARIABLE = "OPENAI_API_KEY"
SHORTEST = 6
"""Letters of a key that is looked for: shorter ones ("none", "x") are no keys, and are in every text."""


class Secret:
    """The key of the environment."""

    def __init__(self) -> None:
        self.key = os.environ.get(VARIABLE, "")

    def without(self, text: str) -> str:
        """A text of the endpoint's as it may be kept and shown: some tell a caller which key was wrong, and a hostile one may say it as a reply."""
        return text.replace(self.key, "[key]") if len(self.key) >= SHORTEST else text


def plain_address(endpoint: str) -> str:
    """The endpoint, if its address holds nothing but an address: addresses stand in messages and journals. Raises `InputError`."""
    parts = urlsplit(endpoint)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(
            f"the endpoint's address carries a name, a password or parameters\n    → put the key into {VARIABLE} and leave it out of the address"
        )
    return endpoint

"""A secret is the key of an endpoint, or the value of a header of the user's. It is sent in a request's header and
removed from everything that comes back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from eda_agent.errors import InputError

VARIABLE = "OPENAI_API_KEY"
SHORTEST = 6
"""Minimum length of a key that is removed: shorter texts ("none", "x") are no keys and occur in every text."""
_KEY_HEADER = re.compile(r"auth|key|token|secret|cookie|password|credential", re.IGNORECASE)


class Secret:
    """The key of the environment. `others`: more secrets."""

    def __init__(self, others: Iterable[str] = ()) -> None:
        self.key = os.environ.get(VARIABLE, "")
        # the longest first: a secret may contain another
        found = (word for word in {self.key, *others} if len(word) >= SHORTEST)
        self._hidden = sorted(found, key=len, reverse=True)

    def without(self, text: str) -> str:
        """A text of the endpoint with the key replaced: some servers repeat a wrong key in their error, and a hostile
        one may return it as a reply.
        """
        for word in self._hidden:
            text = text.replace(word, "[key]")
        return text


def headers_from(text: str) -> tuple[dict[str, str], list[str]]:
    """(headers, values that came from the environment) from `NAME: VALUE; NAME: $VARIABLE`. Options are stored with
    the run, so the value of a header that may hold a key must come from the environment. Raises `InputError`.
    """
    result, hidden = {}, []
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, value = (part.strip() for part in entry.partition(":"))
        if not colon or not re.fullmatch(r"[A-Za-z0-9-]{1,60}", name) or not value.isprintable():
            raise InputError(
                f"--headers: {entry[:40]!r} is not NAME: VALUE\n    → --headers 'X-Title: sizing; api-key: $KEY'"
            )
        inside = re.findall(r"\$(\w+)", value)
        if not inside and _KEY_HEADER.search(name):
            raise InputError(
                f"--headers: the value of {name} may be a key, and options are stored with the run\n    → put it into"
                f" an environment variable and write {name}: $VARIABLE"
            )
        if missing := [word for word in inside if word not in os.environ]:
            raise InputError(f"--headers: the environment has no variable {missing[0]}")
        hidden += [os.environ[word] for word in inside]
        result[name] = re.sub(r"\$(\w+)", lambda found: os.environ.get(found[1], ""), value)
    return result, hidden


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

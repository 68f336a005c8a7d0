"""An event's type and version: what a reader of journals needs, without the agent and its simulator. What it says: `record.events`."""

from __future__ import annotations

from typing import Any

VERSION = 1
"""Of the envelope."""

Event = dict[str, Any]

"""The type and version of events: all that a reader of journals needs, without the agent and its simulator.
`record.events` defines their content.
"""

from __future__ import annotations

from typing import Any

VERSION = 1
"""Version of the envelope."""

Event = dict[str, Any]

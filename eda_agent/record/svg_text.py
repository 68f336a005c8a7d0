"""Text in a drawing: names of the user's, escaped and without control characters."""

from __future__ import annotations

import html

from eda_agent.errors import visible


def svg_text(text: str) -> str:
    """A text for an SVG element or attribute."""
    return html.escape(visible(text))

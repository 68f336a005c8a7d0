"""A prompt is a history as text for a language model: first the task, which never changes, then the turns, then how the
best and the last turn stand.

It is built from the history at every turn, so the same history always gives the same prompt. Its beginning stays the
same from turn to turn, so that a provider's cache keeps it.
"""

from eda_agent.agent.prompt.render import SYSTEM, Answer, Look, render
from eda_agent.agent.prompt.values import bound_text, sizing_text, turn_text

__all__ = ["SYSTEM", "Answer", "Look", "bound_text", "render", "sizing_text", "turn_text"]

"""Tools are what a language model, an MCP client or a script may ask about a circuit: one list, each with a name, a
description, a JSON schema and a function.

    from eda_agent.tools import TOOLS, Context, call

    context = Context(problem, evaluator, history.turns)
    result = call("operating_points", context, {"turn": 3})
    result.data, result.text, result.simulations
"""

from eda_agent.tools.registry import TOOLS, call, schemas
from eda_agent.tools.tool import Context, Result, Tool

__all__ = ["TOOLS", "Context", "Result", "Tool", "call", "schemas"]

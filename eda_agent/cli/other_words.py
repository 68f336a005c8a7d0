"""Other words are the commands that users of other programs type, with what does that here."""

from __future__ import annotations

OTHER_WORDS = {
    "diff": "eda-agent export RUN --diff for the changed sizes, or eda-agent compare RUN RUN",
    "optimize": "eda-agent size SPEC",
    "optimise": "eda-agent size SPEC",
    "start": "eda-agent size SPEC",
    "resume": "eda-agent size RUN --resume",
    "continue": "eda-agent size RUN --resume",
    "simulate": "eda-agent sim SPEC",
    "montecarlo": "eda-agent mc RUN",
    "yield": "eda-agent mc RUN",
    "list": "eda-agent runs",
    "ls": "eda-agent runs",
    "new": "eda-agent init NETLIST",
    "draft": "eda-agent init NETLIST",
    "validate": "eda-agent check SPEC",
    "lint": "eda-agent check SPEC",
    "results": "eda-agent show RUN",
    "plot": "eda-agent report RUN",
    "netlist": "eda-agent export RUN",
    "pareto": "eda-agent front RUN SPEC SPEC",
    "app": "eda-agent tui",
    "gui": "eda-agent tui",
    "help": "eda-agent --help",
}

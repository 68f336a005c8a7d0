"""A command is one module here: `register` adds its parser, and the parser's `func` default is the function that
executes it.

The parser is built at every start. A module therefore imports its dependencies inside its functions: `check` must not
load the simulator, nor `runs` numpy.
"""

NAMES = (
    "size",
    "init",
    "tui",
    "sim",
    "mc",
    "check",
    "runs",
    "show",
    "export",
    "report",
    "compare",
    "front",
    "sensitivity",
    "bench",
    "train",
    "doctor",
    "klayout",
    "schema",
    "mcp",
    "skill",
    "xschem",
    "completion",
)
"""The commands in the order of `eda-agent --help`."""

"""A command is one module here: `register` adds its parser, whose `func` default is the function that does its work.

The parser is built at every start, so a module imports what its work needs inside its functions: `check` must not pay for the simulator, nor
`runs` for numpy.
"""

NAMES = (
    "size", "init", "tui", "sim", "mc", "check", "runs", "show", "export", "report", "compare", "front", "sensitivity", "bench", "train",
    "doctor", "klayout", "completion",
)  # fmt: skip
"""The commands in the order of `eda-agent --help`."""

"""eda-agent sizes analog circuits with a reasoning agent.

`import eda_agent as ea` gives the Python API (docs/python.md): load, draft, simulate, size, monte_carlo, sensitivity.
Its modules are imported when a name is used.
"""

import os

__version__ = "0.2.0"

# the OpenMP library reads this when it is loaded: waiting torch threads otherwise spin on cores that simulators or
# another training could use (a step of 1.1 s beside a second training took 11 s)
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# the same names as in __init__.pyi, which type checkers read
__all__ = (
    "Answer",
    "Batch",
    "Circuit",
    "Draft",
    "EdaAgentError",
    "InputError",
    "MissingError",
    "MonteCarlo",
    "PostLayout",
    "RobustRun",
    "Run",
    "Sensitivity",
    "Simulation",
    "SizingStream",
    "Table",
    "Waveform",
    "Waveforms",
    "ask",
    "draft",
    "list_metrics",
    "load",
    "monte_carlo",
    "open_run",
    "post_layout",
    "sensitivity",
    "simulate",
    "size",
    "size_robust",
    "waveforms",
)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'eda_agent' has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module("eda_agent.api"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

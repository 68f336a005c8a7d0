"""The Python API: `import eda_agent as ea`. docs/python.md describes it and says what is stable.

circuit     a spec, or the design of a run            table      rows and columns for people, numpy and pandas
drafts      a spec for a bare netlist                 evaluate   simulate, waveforms, monte_carlo, sensitivity
ask         the questions of a language model         sizing     size: a result, or an iterator of events
simulation  what a simulation gives                   waves      waveforms as numpy arrays
yields      size_robust: until a share of samples passes
layout      post_layout: specs with the wires         arguments  checks of what a user gives
metric_table the metrics that a spec may name
runs        a run's turns, specs and curve            statistics what Monte Carlo and sensitivities give
"""

from eda_agent.api.ask import Answer, ask
from eda_agent.api.circuit import Circuit, load
from eda_agent.api.drafts import Draft, draft
from eda_agent.api.evaluate import monte_carlo, sensitivity, simulate, waveforms
from eda_agent.api.layout import PostLayout, post_layout
from eda_agent.api.metric_table import list_metrics
from eda_agent.api.runs import Run, open_run
from eda_agent.api.simulation import Batch, Simulation
from eda_agent.api.sizing import SizingStream, size
from eda_agent.api.statistics import MonteCarlo, Sensitivity
from eda_agent.api.table import Table
from eda_agent.api.waves import Waveform, Waveforms
from eda_agent.api.yields import RobustRun, size_robust
from eda_agent.errors import EdaAgentError, InputError, MissingError

__all__ = [
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
]

"""The Python API: `import eda_agent as ea`. docs/python.md describes it and says what is stable.

circuit     a spec, or the design of a run            table      rows and columns for people, numpy and pandas
drafts      a spec for a bare netlist                 evaluate   simulate, waveforms, monte_carlo, sensitivity
ask         the questions of a language model         sizing     size: a result, or an iterator of events
simulation  what a simulation gives                   waves      waveforms as numpy arrays
yields      size_robust: until a share of samples passes
layout      post_layout: specs with the wires         arguments  checks of what a user gives
runs        a run's turns, specs and curve            statistics what Monte Carlo and sensitivities give
wording     errors speak Python                       metric_table the metrics that a spec may name
"""

from eda_agent.api import evaluate as _evaluate
from eda_agent.api.ask import Answer
from eda_agent.api.ask import ask as _ask
from eda_agent.api.circuit import Circuit
from eda_agent.api.circuit import load as _load
from eda_agent.api.drafts import Draft
from eda_agent.api.drafts import draft as _draft
from eda_agent.api.layout import PostLayout
from eda_agent.api.layout import post_layout as _post_layout
from eda_agent.api.metric_table import list_metrics as _list_metrics
from eda_agent.api.runs import Run
from eda_agent.api.runs import open_run as _open_run
from eda_agent.api.simulation import Batch, Simulation
from eda_agent.api.sizing import SizingStream
from eda_agent.api.sizing import size as _size
from eda_agent.api.statistics import MonteCarlo, Sensitivity
from eda_agent.api.table import Table
from eda_agent.api.waves import Waveform, Waveforms
from eda_agent.api.wording import in_python
from eda_agent.api.yields import RobustRun
from eda_agent.api.yields import size_robust as _size_robust
from eda_agent.errors import EdaAgentError, InputError, MissingError

# other rooms take the functions from their modules, with the words that are right for them
ask = in_python(_ask)
draft = in_python(_draft)
list_metrics = in_python(_list_metrics)
load = in_python(_load)
monte_carlo = in_python(_evaluate.monte_carlo)
open_run = in_python(_open_run)
post_layout = in_python(_post_layout)
sensitivity = in_python(_evaluate.sensitivity)
simulate = in_python(_evaluate.simulate)
size = in_python(_size)
size_robust = in_python(_size_robust)
waveforms = in_python(_evaluate.waveforms)

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

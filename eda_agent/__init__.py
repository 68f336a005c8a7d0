"""eda-agent: analog circuit sizing with an agent that reasons."""

import os

__version__ = "0.1.0"

# read by the library when it is loaded: threads of torch that wait for each other otherwise spin on cores that simulators, or another
# training, could use (a step of 1.1 s beside a second training took 11 s)
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

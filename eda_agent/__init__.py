"""eda-agent sizes analog circuits with a reasoning agent."""

import os

__version__ = "0.1.0"

# the OpenMP library reads this when it is loaded: waiting torch threads otherwise spin on cores that simulators or
# another training could use (a step of 1.1 s beside a second training took 11 s)
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

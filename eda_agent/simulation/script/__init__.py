"""A program is a designer's script in compiled form (`eda_agent.problem.script`); this room runs it on one ngspice.

vector     numbers with a unit, and the arithmetic of ngspice's vectors
functions  functions of one vector
formula    a tree → a vector
measure    a measurement on the vectors of an analysis
plots      the results of analyses by the names that ngspice gives them
machine    the steps
"""

from eda_agent.simulation.script.machine import Machine
from eda_agent.simulation.script.state import Outcome, Result

__all__ = ["Machine", "Outcome", "Result"]

"""A draft is the spec.yaml that `eda-agent init` proposes for a bare netlist: parameters, match groups, testbenches and targets.

    dialect              what other programs write → plain SPICE
    circuit              a file → a `Draft`: all that is known of it
    circuit_class        structure → what the circuit is for
    sizable_parameters   what can be sized, in which range, under which role
    fallback_testbench   a deck where no template fits
    text                 a `Draft` → the text of spec.yaml

What could not be told is said (`Draft.doubts`), never guessed silently.
"""

from eda_agent.problem.draft.circuit import Draft, read_circuit
from eda_agent.problem.draft.text import write_draft

__all__ = ["Draft", "read_circuit", "write_draft"]

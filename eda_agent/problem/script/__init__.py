"""A script is a designer's `.control` block and `.meas` lines, compiled into a program: plain data that a simulator's
process runs step by step.

    formula       text of an expression → tree
    measure_line  a `.meas` line → a measurement
    words         a word with `$variables` → its parts
    commands      one command → one step
    compiler      lines → `Program`

Nothing of the text is executed by a shell or by ngspice's own command language: what is not listed here is refused,
with its line.
"""

from eda_agent.problem.script.compiler import Program, all_steps, compile_script

__all__ = ["Program", "all_steps", "compile_script"]

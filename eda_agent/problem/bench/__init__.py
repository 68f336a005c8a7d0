"""A bench is what a designer's deck has around its circuit: sources, loads, analyses, measurements, a script.

reading    a deck → its lines, told apart: circuit, bench, script
cards      the bench's lines → text for the simulator, its parameters as settings, its supply
loading    all of it → a `Testbench`
"""

from eda_agent.problem.bench.reading import BenchText, circuit_of_deck, circuit_part, read_bench

__all__ = ["BenchText", "circuit_of_deck", "circuit_part", "read_bench"]

"""A public suite is a folder with circuits and testbenches of others, read as its authors publish it.

sizing_bench   AMS-SizingBench: one YAML file per circuit, with templates of SPICE
analog_gym     AnalogGym: netlists, design variables and testbenches of amplifiers and regulators
imported       a circuit of a suite as a spec, or why it cannot be one
reading        a folder → its circuits, each tried once
"""

from eda_agent.bench.public.imported import Imported
from eda_agent.bench.public.reading import read_public, status_table

__all__ = ["Imported", "read_public", "status_table"]

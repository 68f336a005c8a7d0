"""Metrics are the measured numbers of a circuit. One module per family, one entry per metric
(`eda_agent.metrics.metric`); every module here is imported.
"""

from importlib import import_module
from pkgutil import iter_modules

from eda_agent.metrics.metric import LOG_SPAN, METRICS, Measure, Measured, Metric, measure, measure_with, metric

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["LOG_SPAN", "METRICS", "Measure", "Measured", "Metric", "measure", "measure_with", "metric"]

"""A bias metric is a number of one MOSFET's operating point; a spec on it counts the worst of its devices
(`Spec.devices`).

Signs are such that NMOS and PMOS read alike. `eda_agent.simulation.bias` has the formulas.
"""

from __future__ import annotations

from eda_agent.metrics import Metric
from eda_agent.problem.off_current import OFF

BIAS_METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "saturation_margin",
            "V",
            "linear",
            0.2,
            "|vds| − vdsat of the worst device: how far it is in saturation, below 0 in triode",
        ),
        Metric("overdrive", "V", "linear", 0.2, "gate-source voltage above the threshold, of the worst device"),
        Metric("gm_id", "1/V", "linear", 10.0, "transconductance per drain current, of the worst device"),
        Metric(
            "current_density",
            "A/m",
            "log",
            None,
            "drain current per width over all fingers and copies, of the worst device",
        ),
        Metric("drain_current", "A", "log", None, "drain current over all copies, of the worst device"),
        Metric("vds", "V", "linear", 0.5, "|vds| at the operating point, of the worst device"),
        Metric("vgs", "V", "linear", 0.5, "|vgs| at the operating point, of the worst device"),
        Metric("vgd", "V", "linear", 0.5, "|vgd| at the operating point, of the worst device"),
        Metric("vbs", "V", "linear", 0.5, "|vbs| at the operating point, of the worst device"),
        Metric("vbd", "V", "linear", 0.5, "|vbd| at the operating point, of the worst device"),
    )
}
RATED = frozenset({"vds", "vgs", "vgd", "vbs", "vbd"})
"""Voltages whose bound is the PDK's rated voltage if a spec gives none."""
REGIONS = {
    "saturation": ("saturation_margin", "minimum", 0.0),
    "triode": ("saturation_margin", "maximum", 0.0),
    "off": ("drain_current", "maximum", OFF),
}
"""The meaning of `region:` in a spec: metric, side, bound."""

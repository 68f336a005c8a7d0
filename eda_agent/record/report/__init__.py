"""A report is one HTML page about a run for a design review. It contains all its resources, so it opens offline and
can be mailed.

page       the page from its sections, by the templates beside it      evidence   what a report shows beside the journal
head       who, what, when, and with which versions                    conditions corners and testbenches
specs      specs × corners, the worst first                            curves     waveforms as plots
points     operating points in every corner                            yields     Monte Carlo
sizes      sizes and the turns that improved the design                print_pdf  the page as PDF by a browser
"""

from eda_agent.record.report.evidence import Evidence, circuit_evidence
from eda_agent.record.report.page import html_report

__all__ = ["Evidence", "circuit_evidence", "html_report"]

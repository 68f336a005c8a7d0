"""Soundness says whether a testbench tests its circuit at all: what the circuit did in it, and whether other sizes do the same.

    observation  waveforms of a sizing, testbench by testbench        judgement   baseline → what is refused, what is only said
    symptom      what an observation shows that no working circuit    unmoved     results that are identical although the sizes moved
                 in a working testbench shows
    output · supply · amplifier · comparator · oscillator · reference · regulator · noise     the checks, a kind each

The rule, with every threshold and its reason, stands in docs/soundness.md: a symptom of the baseline is refused where sizings drawn over
the whole design space show it too, and said where some escape it. A start that is merely bad is what sizing is for.
"""

from eda_agent.simulation.soundness.judgement import Soundness, judge, symptoms_of
from eda_agent.simulation.soundness.observation import Observation, observe, watch
from eda_agent.simulation.soundness.symptom import Symptom

__all__ = ["Observation", "Soundness", "Symptom", "judge", "observe", "symptoms_of", "watch"]

"""Soundness means that a testbench tests its circuit: the circuit's behaviour in it, and whether other sizes behave the
same.

    observation  waveforms of a sizing, testbench by testbench        judgement   baseline → what is refused, what is
    only reported
    symptom      a behaviour that no working circuit shows            unmoved     identical results although the sizes
    changed
                 in a working testbench
    output · supply · amplifier · comparator · oscillator · reference · regulator · noise     the checks, one module per
    kind
    states       testbenches of one circuit in different DC states

docs/soundness.md has the rule and the reason for every threshold: a symptom of the baseline is refused if sizings drawn
over the whole design space show it too, and reported if some do not. Improving a bad start is the purpose of sizing.
"""

from eda_agent.simulation.soundness.judgement import Soundness, judge, symptoms_of
from eda_agent.simulation.soundness.observation import Observation, observe, watch
from eda_agent.simulation.soundness.symptom import Symptom

__all__ = ["Observation", "Soundness", "Symptom", "judge", "observe", "symptoms_of", "watch"]

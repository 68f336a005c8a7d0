"""The TL-GRPO learner that makes the embedded model; imports `eda_agent`, never the other way round."""

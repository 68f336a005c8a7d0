"""The TL-GRPO learner trains the embedded model; it imports `eda_agent`, never the reverse."""

"""A language writes a history as tokens for a model and reads its answer back as a sizing."""

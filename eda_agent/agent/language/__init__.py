"""A language encodes a history as tokens for a model and decodes its answer to a sizing."""

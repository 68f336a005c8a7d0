"""The record of a run: events, the journal that keeps them, and the views that are folds over it."""

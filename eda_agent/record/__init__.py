"""The record of a run: events, the journal that stores them, and views that are folds over them."""

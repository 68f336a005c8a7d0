"""The terminal app: a view of a run's events, and the user's hand in it.

`view` turns a run's state into what is shown, without Textual; `feed` reads events from a journal, live or replayed; `process` starts a run
that outlives the app; `app` puts panels and screens around them. Nothing here simulates or thinks: a run is another process.
"""

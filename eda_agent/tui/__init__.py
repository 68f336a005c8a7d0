"""The terminal app shows a run's events and sends the user's commands.

`view` turns a run's state into rows, without Textual; `feed` reads events from a journal, live or replayed; `process`
starts a run that outlives the app; `app` contains panels and screens. The app does not simulate: a run is another
process.
"""

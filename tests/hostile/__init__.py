"""Input that wants to do harm, as data, and what must come of it: one message or nothing, never an effect."""

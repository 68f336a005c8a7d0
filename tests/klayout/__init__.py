"""The KLayout plugin: its layouts headless, and the application itself."""

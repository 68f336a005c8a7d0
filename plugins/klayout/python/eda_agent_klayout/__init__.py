"""The KLayout plugin sizes circuits from inside KLayout. Modules without a window (tables, PCells, placement,
write-back, LVS) also run headless, with pip's KLayout.
"""

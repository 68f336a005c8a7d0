"""The plugin: sizing from inside KLayout. What knows no window (tables, PCells, placement, write-back, LVS) also runs headless, from pip's KLayout."""

"""The retention engine: archive, then destruction, at the end of each file's own clocks (PC-41, PC-49, LAW-01)."""

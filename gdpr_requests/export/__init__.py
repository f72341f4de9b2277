"""Everything to take along: asked for, built in the background, sealed for seven days, then gone (PC-60, PC-64)."""

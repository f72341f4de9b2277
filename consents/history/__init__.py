"""Every version of every text, public, with what changed between any two of them (PC-24, MD-13)."""

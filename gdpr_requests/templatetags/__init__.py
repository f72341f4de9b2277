"""Template tags of the privacy centre."""

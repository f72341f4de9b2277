"""Benchmarks: each a ratio between ways to do the same work, measured side by side in one run."""

"""Cookies: the register of all, the visitor's choice, and the counts of pages that only a yes allows (PC-110, MD-60, MD-61)."""

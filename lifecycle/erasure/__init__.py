"""Erasure: the plan, its execution, and the certificate of it (PC-35, PC-36, PC-50, PC-62, NEW-06)."""

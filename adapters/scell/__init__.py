"""Scell.io: electronic invoices, and signatures with their true level (PC-94, docs/adapters/scell.md)."""

"""Viva: payments of subscriptions, and of what patients pay to their practitioner (PC-93, docs/adapters/viva.md)."""

"""The providers, played on this machine: a program of its own that shares no code with the product (docs/fakes.md).

    python -m fakes --port 8100 --mail-port 8125 --product http://127.0.0.1:8000

Each provider is a class in ``fakes/providers/KEY.py`` that derives from :class:`fakes.provider.Provider`; it is found by itself.
"""

"""One module per provider, named by its key in the register; :func:`fakes.server.all_providers` finds them."""

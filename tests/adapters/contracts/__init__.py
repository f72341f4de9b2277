"""What every adapter has to stand: its operations and its senders as tables, and the troubles that are tried on each."""

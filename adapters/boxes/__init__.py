"""The rows behind the outbox and the inbox: what they hold, how a worker claims one, how a sender proves itself."""

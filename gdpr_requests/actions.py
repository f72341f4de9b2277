"""What is done about requests; each function's own module says how."""

from gdpr_requests.desk.filing import file_request
from gdpr_requests.desk.steps import answer, ask_identity, close, extend, prove, take, withdraw, write

__all__ = ["answer", "ask_identity", "close", "extend", "file_request", "prove", "take", "withdraw", "write"]

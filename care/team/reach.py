"""Which right a page needs, by its row of the access table and the kind of request."""

from typing import Final

from accounts.access import Access
from care.roles import Right

READING: Final = ("GET", "HEAD", "OPTIONS")


def needed(access: Access, method: str | None) -> Right:
    """The right for one request: a form posted on a page of content writes. Raises ValueError for a page without a right."""
    right = Right(access.right)
    return Right.WRITE if right is Right.CONTENT and method not in READING else right

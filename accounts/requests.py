"""The request of somebody signed in, for the types of views behind the gate."""

from accounts.models import User
from audit.requests import HouseRequest


class SignedInRequest(HouseRequest):
    """A request the gate let in: it has an account, besides its moment and its author."""

    user: User

"""Every operation of every adapter that sends something: what it asks, on which ground, and what an answer of it may mean.

A function of an adapter that sends and isn't here fails ``test_contracts``.
"""

from tests.adapters.contracts.links import GOOGLE, LIVEKIT
from tests.adapters.contracts.machines import MACHINES, PAYERS
from tests.adapters.contracts.messages import BULKGATE, RESEND
from tests.adapters.contracts.money import SCELL, VIVA
from tests.adapters.contracts.shape import Operation

OPERATIONS: tuple[Operation, ...] = (*RESEND, *BULKGATE, *VIVA, *SCELL, *LIVEKIT, *GOOGLE, *MACHINES, *PAYERS)

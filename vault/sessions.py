"""What a session holds, sealed at rest: allauth notes the address there while a sign-in waits for its code (PC-80)."""

import json
from typing import Any, Final

from vault.rest import open_value, seal_value

PLACE: Final = "django_session|session_data"


class SealedSerializer:
    """The setting SESSION_SERIALIZER. A session of before, in clear, can't be opened: its owner signs in once more."""

    def dumps(self, obj: Any) -> bytes:
        """The session's values as sealed JSON."""
        return seal_value(PLACE, json.dumps(obj, separators=(",", ":")), compared=False).encode()

    def loads(self, data: bytes) -> Any:
        """The session's values. Raises SealBroken for any in clear, which Django takes for an empty session."""
        return json.loads(open_value(PLACE, data.decode(), compared=False))

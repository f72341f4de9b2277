"""Takes the recording of a visit: stopped while it arrives when it is too large or no sound, never on disk in clear."""

from adapters.assemblyai import SOUND
from privacy.refusals import Refusal
from records.assist.rules import too_large, why_not_sound
from records.uploads import FORM_ROOM, Documents


class Sounds(Documents):
    """Sound as the transcription service takes it, told by its first bytes."""

    def why_not(self, piece: bytes, start: int) -> Refusal | None:
        """Too large, by what was announced or by what came; or no sound."""
        if self.announced > SOUND + FORM_ROOM or start + len(piece) > SOUND:
            return too_large(SOUND)
        return why_not_sound(piece, most=SOUND) if start == 0 else None

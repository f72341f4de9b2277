"""A set's sealed file, opened and looked through by itself: is it whole, and does anything in it look like a name still (PC-21)."""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from django.core.files.storage import default_storage

from audit.actors import Actor
from records.models import TrainingBuild
from records.training.doubts import capitals_of, doubt_at_once, settled
from records.training.keeping import IN_MEMORY, name_of, opened


class _Text:
    """What the second look sees of a line."""

    def __init__(self, person: str, text: str) -> None:
        self.person, self.capitals = person, capitals_of(text)


def check(build: TrainingBuild, *, by: Actor, now: datetime) -> list[str]:
    """What is wrong with the file of a set, as codes; nothing of its texts. Raises Refused where it may not be opened."""
    found, texts, persons = [], [], set()
    for line in _lines(opened(build, by=by, now=now)):
        said = json.loads(line)
        whole = "\n".join(said["texts"].values())
        persons.add(said["person"])
        texts.append(_Text(said["person"], whole))
        if doubt := doubt_at_once(whole):
            found.append(f"line {len(texts)}: {doubt.value}")
    if (len(texts), len(persons)) != (build.texts, build.patients):
        found.append("counts differ")
    if len(settled(texts, build.minimum)) != len(texts):
        found.append("rare words")
    if _digest(build) != build.sha256:
        found.append("sha256 differs")
    return found


def _digest(build: TrainingBuild) -> str:
    with default_storage.open(name_of(build.pk), "rb") as stored:
        digest = sha256()
        while piece := stored.read(IN_MEMORY):
            digest.update(piece)
    return digest.hexdigest()


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest

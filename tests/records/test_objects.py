"""What leaves the storage leaves with every version, whoever removes it: a versioned bucket only hides what is deleted."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

from records import actions
from records.importing import runs
from records.objects import NotRemoved, remove_objects
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.imports.bundles import bundle
from tests.imports.factories import make_practising
from tests.imports.test_import_runs import begin
from tests.records.factories import NOW, make_document, make_file
from vault.models import FileKey

MARKER = b""


class VersionedStorage(FileSystemStorage):
    """What S3 does in a bucket with versions: deleting writes a marker on top; only a version's own deletion removes it."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.versions: dict[tuple[str, str], bytes] = {}
        self.refuses = False

    @property
    def bucket(self) -> SimpleNamespace:
        """As boto3 has it; no upload in parts ever began."""
        return SimpleNamespace(
            object_versions=SimpleNamespace(filter=self._listed), delete_objects=self._delete_versions,
            multipart_uploads=SimpleNamespace(filter=lambda Prefix: []),
        )  # fmt: skip

    def _save(self, name: str, content: Any) -> str:
        kept = super()._save(name, content)
        self.versions[kept, uuid4().hex] = Path(self.path(kept)).read_bytes()
        return kept

    def delete(self, name: str) -> None:
        super().delete(name)
        self.versions[name, uuid4().hex] = MARKER

    def _normalize_name(self, name: str) -> str:
        return name

    def _listed(self, Prefix: str) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(object_key=key, id=one, is_latest=True, last_modified=NOW, size=len(body) or None)
            for (key, one), body in self.versions.items()
            if key.startswith(Prefix)
        ]

    def _delete_versions(self, Delete: dict[str, Any]) -> dict[str, Any]:
        if self.refuses:
            return {"Errors": [{"Code": "AccessDenied"}]}
        for one in Delete["Objects"]:
            del self.versions[one["Key"], one["VersionId"]]
            super().delete(one["Key"])
        return {}

    def names(self) -> set[str]:
        return {name for name, _version in self.versions}


@pytest.fixture
def bucket(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[VersionedStorage]:
    found = VersionedStorage(str(tmp_path / "bucket"))
    monkeypatch.setattr(default_storage, "_wrapped", found)
    return found


def test_every_version_of_an_object_goes_and_no_other_object(bucket: VersionedStorage) -> None:
    for name in ("documents/a", "documents/ab"):
        bucket.save(name, ContentFile(b"sealed"))
    bucket.delete("documents/a")
    assert (remove_objects(["documents/a", "documents/gone"]), bucket.names()) == (2, {"documents/ab"})


def test_storage_that_keeps_a_version_is_an_error(bucket: VersionedStorage) -> None:
    bucket.save("documents/a", ContentFile(b"sealed"))
    bucket.refuses = True
    with pytest.raises(NotRemoved, match="kept 1 of 1 objects: AccessDenied: a retention"):
        remove_objects(["documents/a"])


@pytest.mark.django_db(databases=["default", "keys"])
def test_uploads_of_an_import_leave_no_version(
    bucket: VersionedStorage, now: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """They hold whole patients, under a key that lives on with the report."""
    practising = make_practising(now)
    by = practising.importer().by
    for end in (runs.discard, runs.confirm):
        run = begin(practising, bundle())
        assert bucket.names() == set(run.storage_names)
        with django_capture_on_commit_callbacks(execute=True):
            end(run=run, by=by, now=practising.now)
            if end is runs.confirm:
                runs.give_up(run_id=run.pk, by=by, now=practising.now)
        assert bucket.names() == set()
        assert FileKey.objects.get(file_id=run.pk).destroyed_at == (practising.now if end is runs.discard else None)


@pytest.mark.django_db(databases=["default", "keys"])
def test_orphaned_document_leaves_no_version(bucket: VersionedStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_practitioner(now=LONG_AGO)
    document = make_document(make_file(user), user)
    monkeypatch.setattr("records.actions.documents.orphans", lambda now: [document.storage_name])
    assert (actions.remove_orphans(now=NOW + timedelta(hours=2)), bucket.names()) == (1, set())

"""Every page that shows what is sealed leaves one line of the journal for each file, and nothing when it can't (issue 4, done when 6)."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from tests.security.ground import make_ground
from tests.security.seeding import sealed_names
from tests.security.urlmap import pages
from tests.security.walking import Ground, Seen, full_journal, walk

pytestmark = pytest.mark.django_db(databases="__all__")

NOT_ASKED = {
    "admin:": "the admin's own 404, at whatever address",
    "mfa_activate_totp": "factors of the own account: no file, and the keys of these tests hold no credential to draw",
    "mfa_add_webauthn": "as above",
    "mfa_authenticate": "as above",
    "mfa_deactivate_totp": "as above",
    "mfa_edit_webauthn": "as above",
    "mfa_generate_recovery_codes": "as above",
    "mfa_index": "as above",
    "mfa_list_webauthn": "as above",
    "mfa_login_webauthn": "as above",
    "mfa_reauthenticate": "as above",
    "mfa_reauthenticate_webauthn": "as above",
    "mfa_remove_webauthn": "as above",
    "mfa_view_recovery_codes": "as above",
}
"""Addresses that the walk leaves out, and why."""

A_STEP = "a step of signing in or of a change: it leads elsewhere when none is under way"
A_LINK = (
    "opened by a link from a mail: says that it has ended, or opens a form or a certificate without anything sealed"
)
NEVER_CHANGED = "the journals are append-only: refused to everybody"
NO_ROW = "the journals' own tables without content: nothing there yet"
NOT_SHOWN = {
    **dict.fromkeys(
        ("account_email_verification_sent", "account_logout", "account_reauthenticate", "account_set_password", "accounts:code",
         "accounts:confirm", "accounts:renew_password", "care:agreement", "directory:my_page", "gdpr:calendar", "gdpr:subprocessors", "lifecycle:change",
         "lifecycle:closing_waive", "lifecycle:deletion_waive", "patient:accept", "admin:login"), A_STEP),
    **dict.fromkeys(
        ("accounts:issue", "accounts:lost_confirm", "accounts:reset", "authority:join", "care:join", "lifecycle:certificate",
         "lifecycle:certificate_json", "lifecycle:certificate_pdf", "lifecycle:keep", "patient:invitation", "consents:unsubscribe"), A_LINK),
    **{f"admin:audit_{table}_{act}": NEVER_CHANGED
       for table in ("accessentry", "evententry", "expiredmonth", "expiredrows", "seal", "securityentry")
       for act in ("add", "delete")},
    **{f"admin:audit_{table}_{act}": NO_ROW
       for table in ("expiredmonth", "expiredrows", "seal") for act in ("change", "history")},
    "admin:autocomplete": "no form of the office asks it",
    "admin:queue_message": "a message needs somebody who handles its kind: tests/office/test_queue.py opens its page",
    "admin:view_on_site": "no model of the office has a page on the site",
    "admin:directive_copy": "after a recorded death alone: tests/gdpr_requests/test_directives.py; streamed as gdpr:export_download",
    "admin:request_archive": "for a practice that has nobody left: the same function as gdpr:request_archive",
    "admin:schedule_version": "there is one version of the schedule; it names no file",
    "directory:page": "a public page of a listing that isn't complete here; nothing sealed in it",
}  # fmt: skip
"""Addresses that show their page to nobody of the ground, and why that is no gap."""

ARCHIVES = {"gdpr:export_download", "gdpr:request_archive", "patient_privacy:export_download"}
"""Downloads of what was opened, and journaled file by file, when it was packed: one line, of the archive's own key."""

BESIDE = "not free text: read and shown with the names, under the same key"
UNPLANTED = {
    **dict.fromkeys((f"accounts.PatientProfile.{name}" for name in ("birth_date", "phone", "sex")), BESIDE),
    **dict.fromkeys((f"records.PatientFile.{name}" for name in ("birth_date", "died_on", "phone", "sex")), BESIDE),
    "records.ImportLine.message": "shown with the line's source, under the same key",
    "records.ImportLine.path": "as above",
    "lifecycle.ClosedAccount.identity": "no page shows it: mails of an erasure and a command read it",
    "lifecycle.ClosedAccount.sought": "as above",
    "mfa.Authenticator.data": "a factor's secret: no file's, and shown by no page of the walk",
}
"""Sealed fields without a token in the ground, and why."""


def wrong(seen: Seen, ground: Ground) -> list[str]:
    """What an answer shows without its line, with two, or in another role."""
    if seen.page in ARCHIVES and seen.shown:
        lines = [(role, count) for (_subject, role), count in seen.lines.items()]
        return [] if lines == [(seen.reader.at_home, 1)] else [f"{seen.where}: lines {lines}, not one of the archive"]
    found = []
    for keys in seen.shown:
        lines = [(role, count) for (subject, role), count in seen.lines.items() if subject in keys]
        role = seen.reader.role if keys & ground.files else seen.reader.at_home
        if lines != [(role, 1)]:
            found.append(f"{seen.where} ({seen.status}) shows a file: lines {lines}, not one of {role}")
    return found


def faults(ground: Ground, seen: Seen) -> list[str]:
    """What is wrong with one answer."""
    return wrong(seen, ground) + ([f"{seen.where} fails"] if seen.status >= 500 else [])


def test_every_page_leaves_one_line_for_each_file_and_nothing_without() -> None:
    ground, found, answers, showing = make_ground(), [], defaultdict(set), set()
    assert sealed_names() - ground.planted == set(UNPLANTED)
    for seen in walk(ground, without=NOT_ASKED):
        found += faults(ground, seen)
        answers[seen.page].add(seen.status)
        showing |= {(seen.reader.name, seen.page)} if seen.shown else set()
    assert (found, len({page for _reader, page in showing}) >= 60) == ([], True)
    posts_alone = {page for page, codes in answers.items() if 405 in codes and 200 not in codes}
    open_to_somebody = {page for page, codes in answers.items() if 200 in codes}
    assert {page.name for page in pages(office=True)} - open_to_somebody - posts_alone == {*NOT_ASKED, *NOT_SHOWN}
    asked = showing | {(reader.name, page) for reader in ground.readers for page in posts_alone}
    assert [fault for seen in walk(ground, only=asked, method="post") for fault in faults(ground, seen)] == []
    with full_journal():
        left = [seen for seen in walk(ground, only=showing) if seen.shown or seen.status == 200]
    assert [f"{seen.where} ({seen.status}) without a line" for seen in left] == []


def twice(record: Callable[..., Any]) -> Callable[..., Any]:
    """Each line written a second time."""

    def again(**said: Any) -> None:
        record(**said)
        record(**said)

    return again


def unseen(_record: Callable[..., Any]) -> Callable[..., Any]:
    """No line written."""
    return lambda **_said: None


def test_walk_finds_a_page_that_skips_the_journal_or_writes_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk can fail: with the journal of the vault passed by, shown without a line, and shown when none can be written."""
    from vault import access

    ground, here = make_ground(), {("owner", "records:file"), ("self", "patient:practice")}
    record, expected = access.record_accesses, sorted(f"{reader} {page}" for reader, page in here)
    for broken in (unseen, twice):
        monkeypatch.setattr(access, "record_accesses", broken(record))
        reported = {fault.split(" (")[0] for seen in walk(ground, only=here) for fault in faults(ground, seen)}
        assert sorted(reported) == expected
    monkeypatch.setattr(access, "record_accesses", unseen(record))
    with full_journal():
        assert sorted(seen.where for seen in walk(ground, only=here) if seen.shown) == expected

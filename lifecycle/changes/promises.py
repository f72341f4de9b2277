"""MD-13 on the live database: each change is announced in time, everybody is told once, a material one is put before them again."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count

from accounts.closing import reasons
from consents import notices
from consents.queries import facts
from consents.trial import trial
from lifecycle.changes import queries
from lifecycle.changes.rules import CONTRACT, POLICY, REGISTER, Channel, owed
from lifecycle.changes.topics import OF_REGISTER, untold
from lifecycle.models import NoticeSent, PolicyAnnouncement
from privacy.clocks import legal_day, start_of
from privacy.promises import Measure, promise

CHECKED: Final = "tests/lifecycle/test_policy_changes.py"
PATIENCE: Final = timedelta(days=2)
"""How long a mail server may be out of reach before somebody counts as left out."""


@promise("MD-13", checked_by=CHECKED)
def everybody_is_told_of_a_change(now: datetime) -> Measure:
    """No version that concerns anybody came into force unannounced, nobody waits for a notice, and nobody was told twice."""
    today = legal_day(now)
    found = queries.announced(now)
    undeclared = sorted({text.number for text in _policies() if _is_undeclared(text)})
    silent = [number for number, day in _came_into_force(today) if _is_silent(number, day)]
    waiting = sum(queries.untold(one.number, one.effective_on).count() for one in _overdue(found, now))
    figures = {
        "versions": len({text.number for text in _policies()}),
        "announced": len(found),
        "told_by_email": NoticeSent.objects.filter(kind__startswith="policy.", kind__endswith=Channel.EMAIL).count(),
        "seen_on_the_site": NoticeSent.objects.filter(kind__startswith="policy.", kind__endswith=Channel.SITE).count(),
        "left_untold": waiting,
        "in_force_without_announcement": silent,
        "announced_too_late": [one.number for one in queries.current(found, today) if _is_late(one)],
        "without_kind_of_change": undeclared,
        "told_twice": _told_twice(),
    }
    broken = (
        "left_untold", "in_force_without_announcement", "announced_too_late", "without_kind_of_change", "told_twice",
    )  # fmt: skip
    return Measure(not any(figures[name] for name in broken), figures)


@promise("MD-13", checked_by=CHECKED)
def a_material_change_is_put_before_people_again(now: datetime) -> Measure:
    """On a trial, who accepted the version in force owes an answer to the next one; who refuses finds care closed."""
    with trial(now) as somebody:
        somebody.turn(CONTRACT, on=True)
        acts = facts(somebody.subject_id, now)
    following = queries.in_force_number(legal_day(now)) + 1
    asked_again, asked_twice = owed(acts, [following]) == following, bool(owed(acts, [following - 1]))
    figures = {
        "asked_again": asked_again,
        "asked_again_for_what_was_accepted": asked_twice,
        "refusal_closes": queries.closed_by_refusal in reasons,
        "answers": _answers(now),
    }
    return Measure(asked_again and not asked_twice and queries.closed_by_refusal in reasons, figures)


@promise("PC-90", checked_by="tests/lifecycle/test_register_changes.py")
def every_practitioner_is_told_of_a_change_of_subprocessors(now: datetime) -> Measure:
    """Of an announced change that can still be objected to, nobody waits for the notice, and nobody was told twice."""
    found = [one for one in OF_REGISTER.news(now) if one.at < now - PATIENCE]
    figures = {
        "announced_and_open_to_objection": len(OF_REGISTER.news(now)),
        "told_by_email": NoticeSent.objects.filter(
            kind__startswith=f"{REGISTER}.", kind__endswith=Channel.EMAIL
        ).count(),
        "seen_on_the_site": NoticeSent.objects.filter(
            kind__startswith=f"{REGISTER}.", kind__endswith=Channel.SITE
        ).count(),
        "left_untold": sum(untold(OF_REGISTER, one).count() for one in found),
        "told_twice": _told_twice(REGISTER),
    }
    return Measure(not figures["left_untold"] and not figures["told_twice"], figures)


def _policies() -> list[notices.Text]:
    return [text for text in notices.catalogue() if text.slot == notices.POLICY]


def _is_undeclared(text: notices.Text) -> bool:
    """Whether a version since the notices began doesn't say what it changes."""
    return text.number >= notices.DECLARED_FROM and not (text.wording.change and text.wording.news)


def _came_into_force(today: date) -> list[tuple[int, date]]:
    """The version in force, if it is one that has to be announced: a former one is past telling."""
    number = queries.in_force_number(today)
    texts = [text for text in queries.wordings(number) if text.number >= notices.DECLARED_FROM]
    return [(number, texts[0].effective_on)] if texts else []


def _is_silent(number: int, effective_on: date) -> bool:
    """Whether it concerns somebody, and nobody announced it."""
    announced = PolicyAnnouncement.objects.filter(number=number).exists()
    return not announced and queries.concerned(effective_on).exists()


def _is_late(one: PolicyAnnouncement) -> bool:
    return one.at >= start_of(one.effective_on) and queries.concerned(one.effective_on).exists()


def _overdue(found: list[PolicyAnnouncement], now: datetime) -> list[PolicyAnnouncement]:
    """Versions of which everybody should know by now."""
    return [one for one in queries.current(found, legal_day(now)) if one.at < now - PATIENCE]


def _told_twice(of: str = POLICY) -> int:
    """People who were told twice of a version over a channel; the table's own constraint counts the beginning as well."""
    told = NoticeSent.objects.filter(kind__startswith=f"{of}.").values("account_id", "kind")
    return told.annotate(times=Count("pk")).filter(times__gt=1).count()


def _answers(now: datetime) -> list[dict[str, Any]]:
    """How far each material version in force has been answered."""
    asked = [one for one in queries.announced(now) if one.material and one.effective_on <= legal_day(now)]
    found = [(one.number, queries.answers(one.number, one.effective_on)) for one in asked]
    return [{"version": number, "accepted": a.accepted, "ended": a.ended, "left": a.left} for number, a in found]

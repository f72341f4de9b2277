"""What the ledger promises, measured on the live database, the access table and the rendered switches."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape

from accounts.access import Act, Audience
from accounts.hooks import signup_questions
from accounts.models import PractitionerProfile
from audit.models import EventEntry, ExpiredRows
from consents import integration_promises as _integrations  # noqa: F401 - registers PC-22
from consents import leaving as _leaving  # noqa: F401 - registers MD-46
from consents import log, notices, policy, queries, receipts
from consents import stopping_promises as _stopping  # noqa: F401 - registers PC-17
from consents.access import ACCESS
from consents.board import Switch, board, switches_of
from consents.consequences import CONSEQUENCES
from consents.cookies import promises as _cookies  # noqa: F401 - registers PC-110, MD-60, MD-61
from consents.marketing import promises as _marketing  # noqa: F401 - registers PC-18, PC-100
from consents.models import ConsentEvent, EventOrigin, PublishedText
from consents.states import Action, fold
from consents.trial import trial
from consents.usage import promises as _usage  # noqa: F401 - registers PC-19
from privacy.clocks import Period, add_years, legal_day, start_of
from privacy.consent_keys import KEYS, Kind
from privacy.ids import new_id
from privacy.patient_keys import EVERY_KEY
from privacy.promises import Measure, promise
from privacy.retention_rules import RULES

CHECKED = "tests/consents/test_promises.py"
CENTRE = "/practitioner/settings/gdpr/"
TABLES = {"consents_consentevent": "key", "consents_eventorigin": "at", "consents_publishedtext": "slot"}
ORIGINS_AT_MOST = timedelta(days=366 + 31)
"""One year, and until the month it ended in is over: an address goes with its month."""
SAMPLE = 50


@promise("PC-09", checked_by=CHECKED)
def kinds_are_told_apart(now: datetime) -> Measure:
    """Each entry has the kind the law gives its key; what is no consent was taken back on its own page."""
    by_kind = dict(ConsentEvent.objects.values_list("kind").annotate(Count("pk")).order_by("kind"))
    right = Q()
    for law in EVERY_KEY.values():
        right |= Q(key=law.key, kind=law.kind.value)
    wrong = ConsentEvent.objects.exclude(right).count()
    passing = ConsentEvent.objects.filter(key__in=CONSEQUENCES, action=Action.WITHDRAWN, control="switch").count()
    pages = [reverse("consents:confirm", args=[key]) for key in CONSEQUENCES]
    no_consents = {key for key, law in KEYS.items() if not law.revocable_by_switch}
    figures = {
        "entries_by_kind": by_kind,
        "entries_of_a_wrong_kind": wrong,
        "contracts_ended_by_a_mere_switch": passing,
        "pages_of_their_own": pages,
    }
    return Measure(not wrong and not passing and set(CONSEQUENCES) == no_consents and len(Kind) == 4, figures)


@promise("PC-10", checked_by=CHECKED)
def eight_switches_stand_on_one_page(now: datetime) -> Measure:
    """The page of somebody new shows each key with its purpose, its basis and what a click does."""
    groups = board(new_id(), language="en", now=now)
    shown = [one for group in groups for one in group.switches]
    children = [one for one in switches_of(groups) if one.child]
    dumb = [one.slot for one in (*shown, *children) if not _is_explained(one)]
    address = reverse("consents:switches")
    mine = ACCESS.get("consents:switches")
    kept = (
        sorted(one.key for one in shown) == sorted(KEYS)
        and not dumb
        and address.startswith(CENTRE)
        and mine is not None
        and mine.audience is Audience.PRACTITIONER
    )
    figures = {
        "address": address,
        "switches": len(shown),
        "integration_switches": len(children),
        "unexplained_switches": dumb,
    }
    return Measure(kept, figures)


@promise("PC-11", checked_by=CHECKED)
def entries_are_whole(now: datetime) -> Measure:
    """Each entry has its journal line, its words and its channel; addresses are gone after their year."""
    journaled = EventEntry.objects.filter(object_type="consents.ConsentEvent").values("object_id")
    unjournaled = _count(
        "select count(*) from consents_consentevent e where e.at > %s and not exists"
        " (select from audit_evententry j where j.object_type = 'consents.ConsentEvent' and j.object_id = e.id::text)",
        now - timedelta(days=365),
    )
    blank = ConsentEvent.objects.filter(Q(channel="") | Q(language="") | Q(control="") | Q(actor_role="")).count()
    old = EventOrigin.objects.filter(at__lt=now - ORIGINS_AT_MOST).count()
    figures = {
        "entries": ConsentEvent.objects.count(),
        "journal_lines": journaled.count(),
        "entries_without_journal_line": unjournaled,
        "entries_with_a_blank": blank,
        "addresses_kept": EventOrigin.objects.count(),
        "addresses_kept_too_long": old,
    }
    return Measure(not unjournaled and not blank and not old, figures)


@promise("PC-11", checked_by=CHECKED)
def entries_cannot_be_changed(now: datetime) -> Measure:
    """PostgreSQL refuses UPDATE, DELETE and TRUNCATE on the ledger's tables when they are tried now."""
    attacks = [f"{verb} {table}" for table in TABLES for verb in ("update", "delete", "truncate")]
    succeeded = [attack for attack in attacks if _succeeds(attack)]
    return Measure(not succeeded, {"attacks_tried": len(attacks), "attacks_that_succeeded": succeeded})


@promise("PC-12", checked_by=CHECKED)
def every_yes_is_taken_back_by_one_act(now: datetime) -> Measure:
    """On a trial, each switch goes on by one act and off by one; its pages are open in every phase."""
    with trial(now) as somebody:
        stuck = [slot for slot in notices.slots() if not somebody.turns_both_ways(slot)]
    pages = [name for name in ACCESS if name in ("consents:switches", "consents:decide", "consents:confirm")]
    closable = [name for name in pages if ACCESS[name].act is not Act.PRIVACY]
    acts = dict(ConsentEvent.objects.values_list("action").annotate(Count("pk")).order_by("action"))
    figures = {
        "switches_tried": len(notices.slots()),
        "switches_stuck": stuck,
        "pages_that_a_phase_could_close": closable,
        "entries_by_act": acts,
    }
    return Measure(not stuck and not closable and len(pages) == 3, figures)


@promise("PC-13", checked_by=CHECKED)
def proofs_stay_five_years_and_outlive_the_account(now: datetime) -> Measure:
    """The rule is five years from the end; no entry is missing, and none hangs on an account."""
    chained = _names(
        "select confrelid::regclass::text from pg_constraint where conrelid = 'consents_consentevent'::regclass"
        " and contype = 'f' and confrelid <> 'consents_publishedtext'::regclass"
    )
    counted = ConsentEvent.objects.values("subject_id").annotate(last=Max("number"), held=Count("pk"))
    gaps = counted.exclude(last=F("held"))
    lost = sum(row["last"] - row["held"] for row in gaps)
    left = ExpiredRows.objects.filter(table_name=ConsentEvent._meta.db_table).aggregate(rows=Sum("rows"))["rows"] or 0
    kept = RULES["PC-51"].length == Period(years=5) and not chained and lost <= left
    figures = {
        "proof_years": RULES["PC-51"].length.years if RULES["PC-51"].length else None,
        "people_with_proofs": counted.count(),
        "people_with_a_gap": len(gaps),
        "proofs_that_left_at_their_term": left,
        "tables_that_could_take_proofs_along": chained,
    }
    return Measure(kept, figures)


@promise("PC-14", checked_by=CHECKED)
def nothing_is_on_before_an_act(now: datetime) -> Measure:
    """An empty ledger says no; sign-up ticks nothing; no yes was ever recorded on a control shown on."""
    on = [slot for slot, state in fold([]).items() if state.on]
    ticked = [name for question in signup_questions for name, field in question.fields().items() if field.initial]
    preset = ConsentEvent.objects.filter(action=Action.GIVEN, control_default="on").count()
    asked = [question.key for question in signup_questions if question.key in KEYS]
    # A no leaves five years after it was said (PC-51): who signed up before may have none left.
    with_a_no = PractitionerProfile.objects.filter(user__created_at__gte=start_of(_proofs_since(now)))
    unasked = (
        PractitionerProfile.objects.exclude(user_id__in=_subjects("tos_privacy"))
        | with_a_no.exclude(user_id__in=_subjects("public_directory_listing"))
    ).count()
    figures = {
        "on_by_default": on,
        "asked_at_sign_up": asked,
        "ticked_beforehand": ticked,
        "yeses_on_a_preset_control": preset,
        "practitioners_never_asked": unasked,
    }
    wanted = {"tos_privacy", "public_directory_listing"} <= set(asked)
    return Measure(wanted and not on and not ticked and not preset and not unasked, figures)


def _proofs_since(now: datetime) -> date:
    """The first day of which every proof must still be here."""
    length = RULES["PC-51"].length
    assert length is not None  # noqa: S101 - the schedule's own row
    return add_years(legal_day(now), -length.years)


@promise("PC-15", checked_by=CHECKED)
def the_log_shows_every_entry(now: datetime) -> Measure:
    """Whoever has most entries finds all of them in the log and its exports, with a receipt each."""
    most = ConsentEvent.objects.values("subject_id").annotate(held=Count("pk")).order_by("-held").first()
    if most is None:
        return Measure(True, {"entries_of_the_longest_log": 0})
    shown = list(queries.filtered(most["subject_id"], now, {}).select_related("text"))
    exported = log.as_json(most["subject_id"], log.lines(shown))["entries"]
    rows = log.as_csv(log.lines(shown)).count("\n") - 1
    receipts_made = sum(bool(receipts.receipt(event, now=now)) for event in shown[:SAMPLE])
    figures = {
        "entries_of_the_longest_log": most["held"],
        "entries_shown": len(shown),
        "entries_in_json": len(exported),
        "entries_in_csv": rows,
        "receipts_made": receipts_made,
    }
    whole = len(shown) == len(exported) == rows == most["held"]
    return Measure(whole and receipts_made == min(most["held"], SAMPLE), figures)


@promise("PC-16", checked_by=CHECKED)
def taking_back_the_mandatory_ones_works_and_is_undone(now: datetime) -> Measure:
    """On a trial, the core closes and opens with its acknowledgement, and a contract is ended and renewed."""
    with trial(now) as somebody:
        steps = {"closed_before": not somebody.core_is_open()}
        somebody.turn(queries.CORE, on=True)
        steps["open_when_given"] = somebody.core_is_open()
        somebody.turn(queries.CORE, on=False)
        steps["closed_when_withdrawn"] = not somebody.core_is_open()
        somebody.turn(queries.CORE, on=True)
        steps["open_when_given_back"] = somebody.core_is_open()
        steps["contract_ends_and_returns"] = all(
            somebody.turn(queries.CONTRACT, on=position) for position in (True, False, True)
        )
    unexplained = [
        key for key in (queries.CORE, queries.CONTRACT) if key not in CONSEQUENCES or not CONSEQUENCES[key].undo
    ]
    figures = {**steps, "unexplained_withdrawals": unexplained}
    return Measure(all(steps.values()) and not unexplained, figures)


@promise("PC-24", checked_by=CHECKED)
def policy_versions_are_dated_and_say_what_the_code_does(now: datetime) -> Measure:
    """Each published text has the address of its words; versions count without a gap; the one in force agrees."""
    forged = [str(row) for row in PublishedText.objects.all() if notices.digest(row.content) != row.sha256]
    versions = queries.policies("en")
    current = [notices.in_force(notices.POLICY, language, legal_day(now)) for language in notices.LANGUAGES]
    apart = [said for text in current for said in policy.disagreements(text.content, text.language, legal_day(now))]
    unpublished = [text.slot for text in notices.catalogue() if queries.published(text.sha256) is None]
    public = all(
        ACCESS[name].audience is Audience.PUBLIC
        for name in ("consents:policy", "consents:policy_version", "consents:text")
    )
    figures = {
        "policy_versions": len(versions),
        "version_in_force": current[0].number,
        "last_update": current[0].effective_on.isoformat(),
        "figures_compared": sum(policy.figures(text.content) for text in current),
        "figures_that_disagree": apart,
        "texts_published": PublishedText.objects.count(),
        "texts_unpublished": unpublished,
        "texts_not_at_their_address": forged,
    }
    counted = [row.number for row in versions] == list(range(len(versions), 0, -1))
    return Measure(public and counted and not forged and not apart and not unpublished, figures)


@promise("NEW-01", checked_by="tests/consents/test_receipts.py")
def receipts_are_genuine_and_refuse_changes(now: datetime) -> Measure:
    """The newest entries' receipts verify with the published key, and one changed word makes each fail."""
    newest = ConsentEvent.objects.select_related("text").order_by("-at")[:SAMPLE]
    made = [receipts.receipt(event, now=now) for event in newest]
    false = sum(not receipts.is_genuine(one) for one in made)
    fooled = sum(receipts.is_genuine({**one, "dct:publisher": "Somebody else"}) for one in made)
    figures = {"receipts_checked": len(made), "receipts_false": false, "forgeries_accepted": fooled}
    return Measure(not false and not fooled, figures)


def _is_explained(one: Switch) -> bool:
    """Whether the rendered row says what the switch is for, on which basis, and what a click does."""
    row = render_to_string("consents/switch.html", {"one": one})
    words = (one.wording.title, one.wording.purpose, one.wording.basis, one.next_move)
    return all(said and escape(said) in row for said in words)


def _succeeds(attack: str) -> bool:
    """Whether PostgreSQL lets an act through; tried on no row, and undone in any case."""
    verb, table = attack.split()
    sql = {
        "update": f"update {table} set {TABLES[table]} = {TABLES[table]} where false",  # noqa: S608 - our own names
        "delete": f"delete from {table} where false",  # noqa: S608
        "truncate": f"truncate {table} cascade",
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            cursor.execute(sql[verb])
            transaction.set_rollback(True)
    except DatabaseError as refused:
        return not any(words in str(refused) for words in ("evidence only grows", "permission denied"))
    return True


def _subjects(key: str) -> QuerySet[ConsentEvent, UUID]:
    return ConsentEvent.objects.filter(key=key).values_list("subject_id", flat=True)


def _count(sql: str, *values: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])


def _names(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [name for (name,) in cursor.fetchall()]

"""What people decide about holds, erasures, breaches and terms, and what the clock does alone (MD-31)."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from privacy.decisions import Applied, Decision, act, apply, decide
from privacy.retention import RULES

_OFFICE: Final = _("the data protection officer, or operations on their instruction")

decide(Decision(
    "hold.placed", _("to keep a file beyond its term for a dispute, a claim, a court or an authority"), _OFFICE,
    "lifecycle.Hold", "placed_at", "placed_by", "placed_role", constraint="hold_placed_by_a_person",
))  # fmt: skip
decide(Decision(
    "hold.lifted", _("to end such a hold"), _OFFICE,
    "lifecycle.Hold", "lifted_at", "lifted_by", "lifted_role", constraint="hold_lifted_by_a_person",
))  # fmt: skip
decide(Decision(
    "erasure.approved", _("to approve the plan of an erasure"), _("whoever answers the request, or the person themselves"),
    "lifecycle.Erasure", "at", "actor_id", "actor_role", only={"state": "approved"}, constraint="erasure_approved_by_a_person",
))  # fmt: skip
decide(Decision(
    "breach.decided", _("how grave a breach is, who is told of it, and that passwords are renewed"), _OFFICE,
    "lifecycle.BreachEvent", "at", "actor_id", "actor_role",
    only={"kind__in": ["decided", "authority", "people", "passwords", "closed"]}, constraint="breach_decided_by_a_person",
))  # fmt: skip
decide(Decision(
    "schedule.approved", _("to change how long things are kept"), _("the data protection officer"),
    "lifecycle.ScheduleVersion", "at", "actor_id", "actor_role", only={"step": "approved"},
    constraint="schedule_approved_by_a_person",
))  # fmt: skip
decide(Decision(
    "sweep.approved", _("to let a destruction go on that stopped because far more was due than expected"), _OFFICE,
    "lifecycle.SweepRun", "approved_at", "approved_by", "approved_role", constraint="sweep_run_approved_by_a_person",
))  # fmt: skip

act("lifecycle.DeletionEvent", "actor_id", why="the person's own request, and what the clock makes of it")
act("lifecycle.SubscriptionEvent", "actor_id", why="facts of the contract")
act(
    "lifecycle.Disposal", "actor_id", "decided_at", why="the point of no return of a term of law or of an approved plan"
)
act("lifecycle.PolicyAnnouncement", "actor_id", why="had everybody told of a new policy")

apply(Applied(
    "terms", _("What is kept leaves when its term ends."),
    _("The term is the law's, the same for everybody, and stands in the retention schedule. A hold, placed by a person, keeps what is needed."),
    "GDPR Art. 5(1)(e)", (*RULES, "PC-64", "PC-110", "PC-43.usage"),
))  # fmt: skip
apply(Applied(
    "order_told", _("The patient is told of an authority's order as soon as it no longer forbids it."),
    _("People entered and confirmed the order, and until when it forbids telling."), "GDPR Art. 14, 23", ("MD-43",),
))  # fmt: skip
apply(Applied(
    "archive", _("A patient's file moves to the archive five years after its last consultation."),
    _("It stays readable for whoever has the archive right, with a reason."), "CSP R1112-7",
))  # fmt: skip
apply(Applied(
    "phase", _("A trial ends, and an account that isn't subscribed goes over to what is free."),
    _("It is what the contract says, announced beforehand. No data leave by it, and a subscription ends it at any time."),
    "GDPR Art. 6(1)(b)", ("notice",),
))  # fmt: skip
apply(Applied(
    "deletion", _("An account whose holder asked for its deletion is deleted at the announced instant."),
    _("The holder decided; until the last moment they can take it back. A change of e-mail address or second factor just before stops it, for their protection."),
    "GDPR Art. 17", ("PC-34", "PC-50"),
))  # fmt: skip
apply(Applied(
    "redated", _("When the schedule of terms changes, the end of each file is computed again."),
    _("A person approved the new schedule; until then nothing ends sooner than before."), "GDPR Art. 5(1)(e)", ("NEW-05",),
))  # fmt: skip
apply(Applied(
    "locked", _("After many wrong sign-ins, the next try has to wait; a wrong professional number isn't taken."),
    _("It protects the account, ends by itself within the hour, and no right depends on it."), "GDPR Art. 32",
))  # fmt: skip

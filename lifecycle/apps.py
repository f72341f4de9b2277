"""The clocks of an account: phases of the subscription, what each allows, notices."""

from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils import timezone


class LifecycleConfig(AppConfig):
    """Its facts only grow; the phase is computed from them whenever it is asked for."""

    name = "lifecycle"

    def ready(self) -> None:
        """Have its facts sealed and journaled, close acts and follow what layers below tell, and do its part of each sweep."""
        register_evidence()
        follow_others()
        from lifecycle.breaches import actions  # noqa: F401 - keeps book of who was told

        register_sweeps()
        post_migrate.connect(start_after_migration, sender=self)


def register_evidence() -> None:
    """What is sealed, verified and journaled, and when its rows leave."""
    from audit import evidence

    evidence.register("lifecycle_subscriptionevent", stream="lifecycle", each=evidence.RowTerm("PC-40", 36))
    evidence.register("lifecycle_noticesent", stream="notices", each=evidence.RowTerm("PC-40", 36))
    evidence.register("lifecycle_deletionevent", stream="deletions", each=evidence.RowTerm("PC-52", 36))
    evidence.register("lifecycle_residuescan", stream="residue", each=evidence.RowTerm("PC-52", 36))
    evidence.journal_each("lifecycle.ResidueScan")
    evidence.journal_each("lifecycle.SubscriptionEvent")
    evidence.journal_each("lifecycle.NoticeSent")
    evidence.journal_each("lifecycle.Hold")
    evidence.journal_each("lifecycle.DeletionEvent")
    evidence.register("lifecycle_scheduleversion", stream="schedule")
    evidence.register("lifecycle_policyannouncement", stream="policies")
    evidence.journal_each("lifecycle.PolicyAnnouncement")
    evidence.journal_each("lifecycle.ScheduleVersion")
    evidence.register("lifecycle_disposal", stream="disposals")
    evidence.journal_each("lifecycle.Disposal", counted_as="disposals")
    evidence.register("lifecycle_erasure", stream="erasures")
    evidence.journal_each("lifecycle.Erasure")
    evidence.journal_each("lifecycle.ClosedAccount")
    evidence.register("lifecycle_breachevent", stream="breaches", each=evidence.RowTerm("PC-52", 36))
    evidence.journal_each("lifecycle.BreachEvent")


def follow_others() -> None:
    """The names registered from below: clocks read holds and the schedule here, acts ask the phase."""
    from django.core import checks

    from accounts.closing import close_acts_when
    from accounts.hooks import when_credentials_change, when_practitioner_is_created
    from adapters.viva.work import when_paid
    from consents.suspension import suspend_when
    from lifecycle.actions import start_trial
    from lifecycle.changes.queries import closed_by_refusal
    from lifecycle.deletion.actions import stop_after_change
    from lifecycle.deletion.queries import leaving, leaving_among
    from lifecycle.erasure.checks import check_answers
    from lifecycle.erasure.finishing import first_tell
    from lifecycle.holds.queries import files_held, on_clocks
    from lifecycle.queries import closed_by_phase
    from lifecycle.rights.journal import copy_new
    from lifecycle.schedule.queries import in_force
    from lifecycle.subscribing import begin_paid
    from privacy.schedule import read_schedule_from
    from records.holds import read_held_files_from, read_holds_from

    read_holds_from(on_clocks)
    read_held_files_from(files_held)
    read_schedule_from(in_force)
    when_practitioner_is_created(start_trial)
    close_acts_when(closed_by_phase)
    close_acts_when(closed_by_refusal)
    suspend_when(leaving, leaving_among)
    when_credentials_change(stop_after_change)
    first_tell(copy_new)
    when_paid("subscription", begin_paid)
    checks.register(check_answers, "privacy")


def register_sweeps() -> None:
    """In the order in which they run: new ends first, then what is told, archived and destroyed."""
    from lifecycle import notifying, restricting
    from lifecycle.changes import telling as changes
    from lifecycle.deletion import executing, telling
    from lifecycle.erasure import closing
    from lifecycle.expiring import sweeps
    from lifecycle.retention import sweep
    from lifecycle.schedule import redating
    from lifecycle.sweeping import sweep_with

    sweep_with(restricting.sweep)
    sweep_with(redating.sweep)
    sweep_with(notifying.sweep)
    sweep_with(telling.sweep)
    sweep_with(changes.sweep)
    sweep_with(executing.sweep, destroys={executing.RULE: "accounts.User"})
    sweep_with(sweep.archive)
    sweep_with(sweep.destroy, destroys=sweep.DESTROYS)
    sweeps.register()
    sweep_with(closing.resume_sweep)
    sweep_with(closing.sweep, destroys=closing.DESTROYS)


def start_after_migration(using: str, **kwargs: Any) -> None:
    """Give accounts from before there were phases their trial, in the database that was just migrated."""
    from audit.actors import Actor
    from lifecycle.actions import start_missing_trials
    from lifecycle.models import SubscriptionEvent

    if using == "default" and SubscriptionEvent._meta.db_table in connection.introspection.table_names():
        start_missing_trials(by=Actor.system("migrate"), now=timezone.now())

"""A person asks: the privacy centre and the rights desk."""

from django.apps import AppConfig


class GdprRequestsConfig(AppConfig):
    """Its exchanges and reminders only grow until the end of their term; decided requests are carried out."""

    name = "gdpr_requests"

    def ready(self) -> None:
        """Have its evidence sealed, its tables answered for, its rights carried out, and do its part of each sweep."""
        register_evidence()
        register_folders()
        answer_erasures()
        register_effects()
        register_pages()
        register_sweeps()
        register_exports()
        objections_stop_news()
        answers_stop_texts()


def register_evidence() -> None:
    """What is sealed, verified and journaled, and when its rows leave."""
    from audit import evidence

    evidence.register("gdpr_requests_exchange", stream="requests", each=evidence.RowTerm("PC-52", 36))
    evidence.register("gdpr_requests_reminder", stream="reminders", each=evidence.RowTerm("PC-52", 36))
    evidence.register("gdpr_requests_rectified", stream="rectified", each=evidence.RowTerm("PC-52", 36))
    evidence.register("gdpr_requests_recipienttold", stream="recipients", each=evidence.RowTerm("PC-52", 36))
    evidence.register("gdpr_requests_dutydone", stream="duties")
    for name in ("Directive", "Request", "Exchange", "IdentityDocument", "Objection", "Reminder"):
        evidence.journal_each(f"gdpr_requests.{name}")


def register_folders() -> None:
    """Which of its files lie in the storage."""
    from adapters.folders import register_folder
    from gdpr_requests.stored import FOLDERS

    for folder in FOLDERS:
        register_folder(folder)


def answer_erasures() -> None:
    """What an account's erasure leaves of its requests: the register, under random ids, until its own end (PC-52)."""
    from gdpr_requests.desk import rows
    from lifecycle.erasure.answers import Outcome, answer_for

    answer_for("gdpr_requests.Request", Outcome.KEPT, rows.requests)
    answer_for("gdpr_requests.Exchange", Outcome.KEPT, rows.exchanges)
    answer_for("gdpr_requests.IdentityDocument", Outcome.KEPT, rows.documents)
    answer_for("gdpr_requests.Directive", Outcome.KEPT, rows.directives)
    answer_for("gdpr_requests.RecipientTold", Outcome.KEPT, rows.told)
    answer_for("gdpr_requests.Objection", Outcome.KEPT, rows.objections)


def register_effects() -> None:
    """What a granted right does, and what bites when it is filed."""
    from gdpr_requests import effects
    from gdpr_requests.desk import objecting
    from gdpr_requests.directives import dying
    from gdpr_requests.duties.queries import agreements
    from gdpr_requests.export import granting
    from privacy.deadlines import Right
    from subprocessors.papers import papers_from

    papers_from(agreements)
    effects.when_granted(Right.ERASURE, effects.erase)
    effects.when_granted(Right.RESTRICTION, effects.restrict)
    for right in granting.RIGHTS:
        effects.when_granted(right, granting.start)
    effects.when_granted(Right.DIRECTIVES, dying.carry_out)
    effects.when_granted(Right.WITHDRAWAL, effects.withdraw)
    effects.when_filed(Right.OBJECTION, objecting.record)


def register_pages() -> None:
    """Where an account follows what it asked through the patient's portal; and what a recorded death opens."""
    from accounts.hooks import silent_when
    from gdpr_requests.desk import links
    from gdpr_requests.directives import dying
    from gdpr_requests.directives.queries import has_died
    from gdpr_requests.models import Channel
    from records.actions.deaths import tell_also

    tell_also(dying.death_recorded)
    silent_when(has_died)
    links.PAGES[Channel.PORTAL] = "patient_privacy:request"


def register_sweeps() -> None:
    """Reminders first, then what is closed by time, then what leaves."""
    from gdpr_requests.desk import closing, reminding
    from lifecycle.sweeping import sweep_with

    sweep_with(reminding.sweep)
    sweep_with(closing.close_sweep)
    sweep_with(closing.sweep, destroys=closing.DESTROYS)


def register_exports() -> None:
    """Archives of exports end with their account, directives too; a cut account's links close at once."""
    from accounts.hooks import when_credentials_are_cut
    from gdpr_requests.directives import ending
    from gdpr_requests.export import actions
    from gdpr_requests.export.cutting import end_exports
    from lifecycle.erasure.finishing import end_also
    from lifecycle.sweeping import sweep_with

    when_credentials_are_cut(end_exports)
    sweep_with(actions.sweep)
    end_also(actions.destroy_strays)
    end_also(ending.end_of_erased)
    sweep_with(ending.sweep)


def objections_stop_news() -> None:
    """Whoever sends news asks first whether the address objected (PC-65)."""
    from consents.marketing.audience import objections
    from gdpr_requests.queries import objectors_to_marketing

    if objectors_to_marketing not in objections:
        objections.append(objectors_to_marketing)


def answers_stop_texts() -> None:
    """Whoever answers STOP gets no more text messages (PC-99)."""
    from adapters.bulkgate import forgiving, objections
    from gdpr_requests.desk.texting import refuses_texts, take_texts_again

    if refuses_texts not in objections:
        objections.append(refuses_texts)
    if take_texts_again not in forgiving:
        forgiving.append(take_texts_again)

"""What the journals say of contracts, terms, holds, erasures and breaches, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS, PARTS

EVENTS.say(
    {
        "lifecycle.trial_started": _("a trial began"),
        "lifecycle.subscribed": _("a subscription began"),
        "lifecycle.subscription_ended": _("a subscription ended"),
        "lifecycle.payment_asked": _("a payment for a subscription was asked for"),
        "lifecycle.payment_given_back": _("a payment was given back, because no subscription could begin"),
        "lifecycle.trial_over": _("a trial was over"),
        "lifecycle.grace_over": _("the days after a trial were over"),
        "lifecycle.notice_sent": _("a notice of a coming date was sent"),
        "lifecycle.policy_announced": _("a change of the policy was announced"),
        "lifecycle.rights_replayed": _("a right exercised before a restore was carried out again"),
        "lifecycle.residue_scanned": _("everything was searched for what an erasure might have left"),
        "lifecycle.sweep_stopped": _("a nightly run stopped: more would go than usual"),
        "lifecycle.sweep_approved": _("a stopped run was allowed to go on"),
        "lifecycle.deletion_requested": _("the deletion of an account was asked for"),
        "lifecycle.deletion_waived": _("the wait before a deletion was waived"),
        "lifecycle.deletion_withdrawn": _("a request for deletion was taken back"),
        "lifecycle.deletion_stopped": _("a request for deletion was stopped"),
        "lifecycle.deletion_executed": _("the deletion of an account was carried out"),
        "lifecycle.erasure.approved": _("a plan of erasure was approved"),
        "lifecycle.erasure.decided": _("an erasure was decided"),
        "lifecycle.erasure.done": _("an erasure was carried out"),
        "lifecycle.erasure.verified": _("an erasure was verified"),
        "lifecycle.erasure.certified": _("an erasure got its certificate"),
        "lifecycle.account.erased": _("an account was erased"),
        "lifecycle.account.archived": _("the identity of a closed account went into the archive"),
        "lifecycle.account.forgotten": _("the archived identity of a closed account was destroyed"),
        "care.relationships.ended": _("all care relationships of an account ended with it"),
        "records.order.forgotten": _("an authority's order left at the end of its term"),
        "lifecycle.disposal.decided": _("the destruction of files past their term was decided"),
        "lifecycle.file.destroyed": _("a patient file was destroyed"),
        "lifecycle.file.archived": _("a patient file went into the archive"),
        "lifecycle.file.activated": _("a patient file came back from the archive"),
        "lifecycle.schedule.proposed": _("a version of the retention schedule was proposed"),
        "lifecycle.schedule.approved": _("a version of the retention schedule was approved"),
        "lifecycle.schedule.applied": _("files got the dates of a new retention schedule"),
        "lifecycle.hold.placed": _("a legal hold was placed"),
        "lifecycle.hold.lifted": _("a legal hold was lifted"),
        "lifecycle.breach.opened": _("a breach was entered"),
        "lifecycle.breach.scoped": _("the scope of a breach was widened"),
        "lifecycle.breach.decided": _("the risk of a breach was decided"),
        "lifecycle.breach.authority": _("the authority was told of a breach"),
        "lifecycle.breach.people": _("people were told of a breach"),
        "lifecycle.breach.passwords": _("new passwords were asked for after a breach"),
        "lifecycle.breach.closed": _("a breach was closed"),
    }
)
PARTS.say(
    {
        "breach": _("what is known of a breach"),
        "closed_account": _("who the holder of a closed account was"),
        "hold": _("the case of a legal hold"),
    }
)

"""The outside world: one door out, with its switches, its breaker and its journal."""

from django.apps import AppConfig

MONTHS = 36


class AdaptersConfig(AppConfig):
    name = "adapters"

    def ready(self) -> None:
        """The journal of what left is evidence, kept as long as the access journal (PC-46b)."""
        from django.core.checks import register

        from adapters import bulkgate, inbox, resend
        from adapters.checks import check_hosts, check_places
        from adapters.scell import work as scell
        from adapters.viva import work as viva
        from audit import evidence

        register(check_hosts, deploy=True)
        register(check_places)
        inbox.register(resend.HOOK)
        inbox.register(bulkgate.HOOK)
        inbox.register(viva.HOOK)
        inbox.register(scell.HOOK)
        evidence.register("adapters_egress", "egress", MONTHS)
        evidence.register("adapters_egressoutcome", "egress_outcomes", MONTHS)
        evidence.register("adapters_proof", "signature_proofs")

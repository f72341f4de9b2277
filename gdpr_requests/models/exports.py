"""An export somebody asked for: how far it is, and where its sealed archive lies until it is destroyed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from gdpr_requests.export.scopes import Scope
from privacy.ids import new_id


class ExportState(models.TextChoices):
    """How far it is. One that expired or was deleted has no row any more; the event journal tells of it."""

    WAITING = "waiting"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


UNDER_WAY = (ExportState.WAITING, ExportState.BUILDING)


class Export(models.Model):
    """One archive. Its id is also the id of its key, so that an object without a row still names the key to destroy.

    ``account`` reads it; nobody's is handed over by the desk that granted ``request_id``. ``file_id`` names the one
    patient's file that is in it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", null=True)
    request_id = models.UUIDField(null=True)
    file_id = models.UUIDField(null=True)
    scope = models.CharField(max_length=12, choices=Scope.choices)
    state = models.CharField(max_length=10, choices=ExportState.choices, default=ExportState.WAITING)
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    """Bytes of the ZIP as it is downloaded."""
    sha256 = models.CharField(max_length=64, blank=True)
    downloads = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["account", "-asked_at"], name="export_by_account")]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=("waiting", "building"), request_id=None) & ~Q(scope="account"),
                name="export_one_under_way",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=("waiting", "building"), request_id=None, scope="account"),
                name="export_one_of_a_patient_under_way",
            ),
            models.UniqueConstraint(fields=["request_id"], name="export_one_a_request"),
            models.CheckConstraint(
                condition=Q(scope="file", file_id__isnull=False, request_id__isnull=False)
                | ~Q(scope="file") & Q(file_id=None, account_id__isnull=False),
                name="export_of_an_account_or_a_file_asked_for",
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="export_done_within_total"),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(ready_at__isnull=False, expires_at__isnull=False),
                name="export_ready_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

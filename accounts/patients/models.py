"""Who a patient is, as the patient says it (promise MD-02)."""

from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vault.fields import SealedTextField


class PatientProfile(models.Model):
    """What identifies the holder of a patient's account. The e-mail address is the account's; all else lies sealed.

    The key's id is the account's own. An account may be a practitioner's too.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="patient"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    surname = SealedTextField(_("surname"))
    given_names = SealedTextField(_("given names"))
    sex = SealedTextField(_("sex"))
    birth_date = SealedTextField(_("birth date"))
    birth_place = SealedTextField(_("place of birth"))
    phone = SealedTextField(_("telephone"))
    address = SealedTextField(_("postal address"))
    payer_number = SealedTextField(_("membership number of a third-party payer"))

    class Meta:
        verbose_name = _("patient's account")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def sealed_file_id(self) -> UUID:
        """The key of the account itself."""
        return self.pk

"""Keys, each wrapped under a master key that no database holds. A database of their own (NEW-08)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from privacy.ids import new_id


class WrappedKey(models.Model):
    """A random 256-bit key, sealed with AES-256-GCM under the master key ``master_id``."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    wrapped = models.BinaryField(_("wrapped key"))
    master_id = models.CharField(_("master key"), max_length=40)
    created_at = models.DateTimeField(_("made"), db_default=Now())

    class Meta:
        abstract = True

    def wrapping(self) -> bytes:
        """What the wrapped key is bound to: it opens in no other row."""
        raise NotImplementedError


class FileKey(WrappedKey):
    """The key of one patient's file. When it dies, the file can't be read by anybody any more."""

    class Ring(models.TextChoices):
        """Where the key hangs: archived keys open nothing in daily work."""

        ACTIVE = "active", _("active")
        ARCHIVE = "archive", _("archive")

    file_id = models.UUIDField(_("file"))
    generation = models.PositiveSmallIntegerField(_("generation"), default=1)
    ring = models.CharField(_("ring"), max_length=10, choices=Ring, default=Ring.ACTIVE)
    restricted_at = models.DateTimeField(_("restricted"), null=True)
    destroyed_at = models.DateTimeField(_("destroyed"), null=True)

    class Meta:
        verbose_name = _("file key")
        verbose_name_plural = _("file keys")
        constraints = [
            models.UniqueConstraint(fields=["file_id", "generation"], name="vault_one_key_per_generation"),
            models.CheckConstraint(
                condition=models.Q(destroyed_at__isnull=True) | models.Q(wrapped=b""),
                name="vault_destroyed_key_is_empty",
            ),
        ]
        indexes = [
            models.Index(
                fields=["file_id"],
                condition=models.Q(restricted_at__isnull=False, destroyed_at=None),
                name="vault_restricted",
            ),
        ]

    def wrapping(self) -> bytes:
        """Bound to its file and generation."""
        return f"praticonnect|file-key|{self.id}|{self.file_id}|{self.generation}".encode()


class SystemKey(WrappedKey):
    """A key of the house itself, for secrets that belong to no patient (factors, tokens)."""

    name = models.CharField(_("name"), max_length=40, unique=True)

    class Meta:
        verbose_name = _("system key")
        verbose_name_plural = _("system keys")

    def wrapping(self) -> bytes:
        """Bound to its name."""
        return f"praticonnect|system-key|{self.id}|{self.name}".encode()


class IndexKey(WrappedKey):
    """The key of one practice's search tokens: another practice's tokens never compare with them."""

    practice_id = models.UUIDField(_("practice"), unique=True)

    class Meta:
        verbose_name = _("index key")
        verbose_name_plural = _("index keys")

    def wrapping(self) -> bytes:
        """Bound to its practice."""
        return f"praticonnect|index-key|{self.id}|{self.practice_id}".encode()


class RightsEntry(models.Model):
    """One act of a person's rights, as the main database's evidence has it: ids and codes only.

    It stands with the keys so that a restored main database can be told what was decided since (NEW-08).
    PostgreSQL refuses to change or remove a row.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    stream = models.CharField(_("table"), max_length=63)
    number = models.BigIntegerField(_("number in the table"))
    subject_id = models.UUIDField(_("person or file"))
    at = models.DateTimeField(_("when"))
    written_at = models.DateTimeField(_("entered in the main database"))
    copied_at = models.DateTimeField(_("copied"), db_default=Now())
    facts = models.JSONField(_("the row"))

    class Meta:
        verbose_name = _("entry of the rights journal")
        verbose_name_plural = _("rights journal")
        indexes = [models.Index(fields=["stream", "written_at"], name="vault_rights_newest")]

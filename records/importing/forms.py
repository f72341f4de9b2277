"""The upload form: several files at once, sizes checked before they are read."""

from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from .csv_files import MAX_CSV_BYTES
from .reading import MAX_BUNDLE_BYTES

MAX_FILES: Final = 200
_ENDINGS: Final = (".json", ".csv", ".txt", ".tsv")


class ManyFiles(forms.FileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files of the kinds we import, each with a name that says which."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list["UploadedFile[Any]"]:
        """Every file, or what is wrong with which of them."""
        files = data if isinstance(data, list) else [data] if data else []
        if not files:
            raise forms.ValidationError(_("Choose at least one file."), code="required")
        if len(files) > MAX_FILES:
            raise forms.ValidationError(
                _("Choose up to %(limit)d files at a time."), params={"limit": MAX_FILES}, code="many"
            )
        return [super(ManyFilesField, self).clean(_known(file), initial) for file in files]


def _known(file: "UploadedFile[Any]") -> "UploadedFile[Any]":
    if not (file.name or "").lower().endswith(_ENDINGS):
        raise forms.ValidationError(
            _("%(name)s is neither a FHIR bundle (.json) nor a table (.csv). Export it again as one of them."),
            params={"name": file.name}, code="kind",
        )  # fmt: skip
    limit = MAX_BUNDLE_BYTES if (file.name or "").lower().endswith(".json") else MAX_CSV_BYTES
    if (file.size or 0) >= limit:
        raise forms.ValidationError(
            _("%(name)s is too large: up to %(limit)d MB. Export fewer years at a time, or split it."),
            params={"name": file.name, "limit": limit // 1_000_000}, code="large",
        )  # fmt: skip
    return file


class ImportForm(forms.Form):
    """Which files, and what to do with patients who seem to exist already."""

    uploads = ManyFilesField(
        label=_("Files from your old software"),
        help_text=_(
            "FHIR R4 bundles (.json, one patient each, up to 200 MB) or tables (.csv, up to 50 MB). They are sealed while they wait."
        ),
        widget=ManyFiles(attrs={"accept": ",".join(_ENDINGS)}),
        error_messages={"empty": _("One of the files is empty. Export it again.")},
        max_length=255,
    )
    twins = forms.BooleanField(
        label=_("Also bring patients whose name and birth date I already have"),
        help_text=_("They get a second file. Otherwise they are left out, and the report names their lines."),
        required=False,
    )

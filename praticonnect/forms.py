"""The look of every Django form: `{{ form }}` and `{{ form.name.as_field_group }}` render with our templates (MD-01)."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Setting `FORM_RENDERER = "praticonnect.forms.Renderer"`; needs "django.forms" in INSTALLED_APPS.

    Mandatory fields carry an asterisk and a spoken "required"; errors stand beside the field and in a summary with links.
    """

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

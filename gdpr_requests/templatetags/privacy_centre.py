"""The frame of the privacy centre for every app that adds a tab to it."""

from django import template
from django.template import Context

from gdpr_requests.tabs import PATIENT_TABS, Tab, tabs
from gdpr_requests.wording import lasts, role_in_words

register = template.Library()
register.filter("lasts", lasts)
register.filter("in_role", role_in_words)


@register.simple_tag(takes_context=True)
def centre_tabs(context: Context) -> list[Tab]:
    """The tab bar for the page being shown."""
    return tabs(context["request"].path)


@register.simple_tag(takes_context=True)
def patient_tabs(context: Context) -> list[Tab]:
    """The tab bar of a patient's privacy pages."""
    return tabs(context["request"].path, PATIENT_TABS)

"""The addresses of the patient's privacy pages."""

from django.urls import path

from gdpr_requests.directives import views as directives
from gdpr_requests.portal import choices, exporting, views

app_name = "patient_privacy"
CHOICES = "patient/privacy/consents/"
OF_LINK = CHOICES + "<uuid:link_id>/"

urlpatterns = [
    path("patient/privacy/", views.overview, name="overview"),
    path("patient/privacy/journal/", views.journal, name="journal"),
    path("patient/privacy/journal/<int:entry_id>/question/", views.question, name="question"),
    path("patient/privacy/export/", exporting.export, name="export"),
    path("patient/privacy/export/<uuid:export_id>.zip", exporting.download, name="export_download"),
    path("patient/privacy/export/<uuid:export_id>/delete/", exporting.delete, name="export_delete"),
    path("patient/privacy/export/<uuid:export_id>/again/", exporting.again, name="export_again"),
    path(CHOICES, choices.consents, name="consents"),
    path(OF_LINK + "decide/", choices.decide, name="consent_decide"),
    path(OF_LINK + "team/", choices.team, name="consent_team"),
    path(OF_LINK + "withdraw/", choices.withdraw, name="consent_withdraw"),
    path(OF_LINK + "log/", choices.log, name="consent_log"),
    path(OF_LINK + "<uuid:event_id>.jsonld", choices.receipt, name="consent_receipt"),
    path("patient/privacy/directives/", directives.patient, name="directives"),
    path("patient/privacy/requests/", views.requests, name="requests"),
    path("patient/privacy/requests/new/", views.new, name="request_new"),
    path("patient/privacy/requests/<uuid:request_id>/", views.one, name="request"),
]

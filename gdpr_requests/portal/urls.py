"""The addresses of the patient's privacy pages."""

from django.urls import path

from gdpr_requests.portal import exporting, views

app_name = "patient_privacy"

urlpatterns = [
    path("patient/privacy/", views.overview, name="overview"),
    path("patient/privacy/journal/", views.journal, name="journal"),
    path("patient/privacy/journal/<int:entry_id>/question/", views.question, name="question"),
    path("patient/privacy/export/", exporting.export, name="export"),
    path("patient/privacy/export/<uuid:export_id>.zip", exporting.download, name="export_download"),
    path("patient/privacy/export/<uuid:export_id>/delete/", exporting.delete, name="export_delete"),
    path("patient/privacy/export/<uuid:export_id>/again/", exporting.again, name="export_again"),
    path("patient/privacy/requests/", views.requests, name="requests"),
    path("patient/privacy/requests/new/", views.new, name="request_new"),
    path("patient/privacy/requests/<uuid:request_id>/", views.one, name="request"),
]

"""The addresses of the patient's privacy pages."""

from django.urls import path

from gdpr_requests.portal import views

app_name = "patient_privacy"

urlpatterns = [
    path("patient/privacy/", views.overview, name="overview"),
    path("patient/privacy/journal/", views.journal, name="journal"),
    path("patient/privacy/journal/<int:entry_id>/question/", views.question, name="question"),
    path("patient/privacy/requests/", views.requests, name="requests"),
    path("patient/privacy/requests/new/", views.new, name="request_new"),
    path("patient/privacy/requests/<uuid:request_id>/", views.one, name="request"),
]

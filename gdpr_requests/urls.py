"""The privacy centre, at the address the policy names (PC-10, PC-68)."""

from django.urls import path, re_path

from gdpr_requests import views

app_name = "gdpr"
CENTRE = "practitioner/settings/gdpr"

urlpatterns = [
    re_path(rf"^{CENTRE}/?$", views.overview, name="overview"),
    path(f"{CENTRE}/journal/", views.journal, name="journal"),
    path(f"{CENTRE}/journal.csv", views.journal_csv, name="journal_csv"),
    path(f"{CENTRE}/export/", views.export, name="export"),
    path(f"{CENTRE}/register/", views.register, name="register"),
]

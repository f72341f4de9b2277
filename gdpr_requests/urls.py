"""The privacy centre, at the address the policy names (PC-10, PC-68)."""

from django.urls import path, re_path

from gdpr_requests import views
from gdpr_requests.deciding.views import decisions
from gdpr_requests.desk import public_views
from gdpr_requests.desk import views as desk
from gdpr_requests.directives import views as directives
from gdpr_requests.export import views as exports
from gdpr_requests.integrations import calendar, evidence
from gdpr_requests.integrations import views as integrations

app_name = "gdpr"
CENTRE = "practitioner/settings/gdpr"

urlpatterns = [
    re_path(rf"^{CENTRE}/?$", views.overview, name="overview"),
    path(f"{CENTRE}/journal/", views.journal, name="journal"),
    path(f"{CENTRE}/journal.csv", views.journal_csv, name="journal_csv"),
    path(f"{CENTRE}/export/", exports.export, name="export"),
    path(f"{CENTRE}/export/<uuid:export_id>.zip", exports.download, name="export_download"),
    path(f"{CENTRE}/export/<uuid:export_id>/delete/", exports.delete, name="export_delete"),
    path(f"{CENTRE}/register/", views.register, name="register"),
    path(f"{CENTRE}/integrations/", integrations.integrations, name="integrations"),
    path(f"{CENTRE}/integrations/google/calendar/", calendar.calendar, name="calendar"),
    path(f"{CENTRE}/integrations/scell/files/<int:proof_id>.pdf", evidence.download, name="evidence"),
    path(f"{CENTRE}/integrations/<slug:key>/", integrations.integration, name="integration"),
    path(f"{CENTRE}/subprocessors/", integrations.change, name="subprocessors"),
    path(f"{CENTRE}/directives/", directives.practitioner, name="directives"),
    path(f"{CENTRE}/requests/", desk.requests, name="requests"),
    path(f"{CENTRE}/requests/new/", desk.new, name="request_new"),
    path(f"{CENTRE}/requests/enter/<uuid:file_id>/", desk.enter, name="request_enter"),
    path(f"{CENTRE}/requests/<uuid:request_id>/", desk.one, name="request"),
    path(f"{CENTRE}/requests/<uuid:request_id>/send/", desk.send_paper, name="request_send_paper"),
    path(f"{CENTRE}/requests/<uuid:request_id>/paper/", desk.paper, name="request_paper"),
    path(f"{CENTRE}/requests/<uuid:request_id>/archive.zip", desk.archive, name="request_archive"),
    path("privacy/automated-decisions/", decisions, name="decisions"),
    path("privacy/contact/", public_views.contact, name="contact"),
    path("privacy/request/<str:token>/", public_views.follow, name="follow"),
    path("privacy/request/<str:token>/send/", public_views.follow_paper, name="follow_paper"),
]

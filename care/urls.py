"""The addresses of the team, of the confidentiality agreement, and of who may see what."""

from django.urls import path

from care.team import views

app_name = "care"
TEAM = "practitioner/settings/team/"

urlpatterns = [
    path("privacy/recipients/", views.recipients, name="recipients"),
    path(TEAM, views.team, name="team"),
    path(TEAM + "invite/", views.invite, name="invite"),
    path(TEAM + "invitations/<uuid:invitation_id>/revoke/", views.revoke, name="revoke"),
    path(TEAM + "<uuid:membership_id>/end/", views.end, name="end"),
    path("team/join/<str:token>/", views.join, name="join"),
    path("accounts/agreement/", views.agreement, name="agreement"),
]

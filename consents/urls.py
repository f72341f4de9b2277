"""Where choices are made, and the public texts."""

from django.urls import path, re_path

from consents import views
from consents.cookies.views import cookies
from consents.history.feed import changes
from consents.history.views import history
from consents.marketing.views import unsubscribe
from consents.usage.views import usage

app_name = "consents"
CENTRE = "practitioner/settings/gdpr/consents"

urlpatterns = [
    path(f"{CENTRE}/", views.switches, name="switches"),
    path(f"{CENTRE}/decide/", views.decide, name="decide"),
    path(f"{CENTRE}/confirm/<slug:key>/", views.confirm, name="confirm"),
    path(f"{CENTRE}/log/", views.log, name="log"),
    path(f"{CENTRE}/log.csv", views.log_csv, name="log_csv"),
    path(f"{CENTRE}/log.json", views.log_json, name="log_json"),
    path(f"{CENTRE}/usage/", usage, name="usage"),
    path(f"{CENTRE}/<uuid:event_id>.jsonld", views.receipt, name="receipt"),
    re_path(r"^privacy/texts/(?P<address>[0-9a-f]{64})/$", views.text, name="text"),
    path("privacy/news/stop/<str:token>/", unsubscribe, name="unsubscribe"),
    path("privacy/cookies/", cookies, name="cookies"),
    path("privacy/", views.policy, name="policy"),
    path("privacy/history/", history, name="history"),
    re_path(r"^privacy/history\.(?P<language>en|fr)\.atom$", changes, name="changes"),
    path("privacy/versions/<int:number>/", views.policy_version, name="policy_version"),
]

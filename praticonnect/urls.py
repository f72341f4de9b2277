"""Every address of the house. Each name needs a row in an access table, or the gate answers 404."""

from importlib.util import find_spec

from django.contrib import admin
from django.shortcuts import render
from django.urls import include, path

from praticonnect import health

urlpatterns = [
    path("", lambda request: render(request, "home.html"), name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
for app in ("accounts", "audit", "consents", "records", "gdpr_requests"):
    if find_spec(f"{app}.urls"):
        urlpatterns.append(path("", include(f"{app}.urls")))

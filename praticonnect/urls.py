"""Every address of the house. Each name needs a row in an access table, or the gate answers 404."""

from django.conf import settings
from django.contrib import admin
from django.shortcuts import render
from django.urls import include, path

from praticonnect import gallery, health

urlpatterns = [
    path("", lambda request: render(request, "home.html"), name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("adapters.urls")),
    path("", include("audit.urls")),
    path("", include("care.urls")),
    path("", include("consents.urls")),
    path("", include("records.urls")),
    path("", include("records.portal.urls")),
    path("", include("records.authority.urls")),
    path("", include("records.statistics.urls")),
    path("", include("directory.urls")),
    path("", include("subprocessors.urls")),
    path("", include("lifecycle.urls")),
    path("", include("gdpr_requests.urls")),
    path("", include("gdpr_requests.portal.urls")),
]
if settings.SHOW_GALLERY:
    urlpatterns.append(path("gallery/", gallery.gallery, name="gallery"))

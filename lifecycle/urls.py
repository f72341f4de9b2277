"""Where a practitioner sees the contract and begins it again, and where certificates of erasures are had."""

from django.urls import path

from lifecycle import views
from lifecycle.deletion import public_views
from lifecycle.deletion import views as deletion
from lifecycle.erasure import views as erasure_views

app_name = "lifecycle"
DELETION = "practitioner/settings/gdpr/deletion"

urlpatterns = [
    path("practitioner/subscription/", views.subscription, name="subscription"),
    path("practitioner/subscription/subscribe/", views.subscribe, name="subscribe"),
    path(f"{DELETION}/", deletion.deletion, name="deletion"),
    path(f"{DELETION}/confirm/", deletion.confirm, name="deletion_confirm"),
    path(f"{DELETION}/waive/", deletion.waive, name="deletion_waive"),
    path(f"{DELETION}/withdraw/", deletion.withdraw, name="deletion_withdraw"),
    path("privacy/keep/<str:token>/", public_views.keep, name="keep"),
    path("privacy/left/", public_views.left, name="left"),
    path("privacy/certificate/<str:token>/", erasure_views.certificate, name="certificate"),
    path("privacy/certificate/<str:token>/certificate.json", erasure_views.statement, name="certificate_json"),
    path("privacy/certificate/<str:token>/certificate.pdf", erasure_views.paper, name="certificate_pdf"),
]

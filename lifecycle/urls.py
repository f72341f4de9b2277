"""Where a practitioner sees the contract and begins it again, where accounts are left, and where certificates of erasures are had."""

from django.urls import path

from lifecycle import views
from lifecycle.changes import views as changes
from lifecycle.deletion import public_views
from lifecycle.deletion import views as deletion
from lifecycle.deletion.frames import PATIENT
from lifecycle.erasure import views as erasure_views

app_name = "lifecycle"
DELETION = "practitioner/settings/gdpr/deletion"
CLOSING = "patient/privacy/closing"
OF_PATIENTS = {"frame": PATIENT}

urlpatterns = [
    path("practitioner/subscription/", views.subscription, name="subscription"),
    path("practitioner/subscription/subscribe/", views.subscribe, name="subscribe"),
    path("practitioner/subscription/end/", views.end_subscription, name="end_subscription"),
    path(f"{DELETION}/", deletion.deletion, name="deletion"),
    path(f"{DELETION}/confirm/", deletion.confirm, name="deletion_confirm"),
    path(f"{DELETION}/waive/", deletion.waive, name="deletion_waive"),
    path(f"{DELETION}/withdraw/", deletion.withdraw, name="deletion_withdraw"),
    path(f"{CLOSING}/", deletion.deletion, OF_PATIENTS, name="closing"),
    path(f"{CLOSING}/confirm/", deletion.confirm, OF_PATIENTS, name="closing_confirm"),
    path(f"{CLOSING}/waive/", deletion.waive, OF_PATIENTS, name="closing_waive"),
    path(f"{CLOSING}/withdraw/", deletion.withdraw, OF_PATIENTS, name="closing_withdraw"),
    path("privacy/change/", changes.change, name="change"),
    path("privacy/keep/<str:token>/", public_views.keep, name="keep"),
    path("privacy/left/", public_views.left, name="left"),
    path("privacy/certificate/<str:token>/", erasure_views.certificate, name="certificate"),
    path("privacy/certificate/<str:token>/certificate.json", erasure_views.statement, name="certificate_json"),
    path("privacy/certificate/<str:token>/certificate.pdf", erasure_views.paper, name="certificate_pdf"),
]

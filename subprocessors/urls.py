"""The public register of subprocessors, its versions, and its feed."""

from django.urls import path, re_path

from subprocessors import views
from subprocessors.feed import changes

app_name = "subprocessors"

urlpatterns = [
    path("privacy/subprocessors/", views.register, name="register"),
    path("privacy/subprocessors/history/", views.history, name="history"),
    re_path(r"^privacy/subprocessors\.(?P<language>en|fr)\.atom$", changes, name="changes"),
]

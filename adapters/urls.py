"""The addresses that subprocessors call."""

from django.urls import path

from adapters import views

app_name = "adapters"

urlpatterns = [
    path("hooks/<slug:subprocessor>/", views.hook, name="hook"),
    path("hooks/<slug:subprocessor>/<path:path>", views.hook, name="hook_below"),
]

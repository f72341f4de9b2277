"""Addresses of the ledger."""

from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [path("privacy/keys.json", views.public_keys, name="public_keys")]

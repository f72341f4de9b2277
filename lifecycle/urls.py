"""Where a practitioner sees the contract and begins it again."""

from django.urls import path

from lifecycle import views

app_name = "lifecycle"

urlpatterns = [
    path("practitioner/subscription/", views.subscription, name="subscription"),
    path("practitioner/subscription/subscribe/", views.subscribe, name="subscribe"),
]

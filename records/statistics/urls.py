"""Where the published statistics are."""

from django.urls import path

from records.statistics import views

app_name = "statistics"

urlpatterns = [
    path("statistics/", views.page, name="page"),
    path("statistics/all.csv", views.open_file, name="open_file"),
]

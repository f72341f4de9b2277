"""The public directory, and one's own page in it."""

from django.urls import path

from directory import views

app_name = "directory"

urlpatterns = [
    path("directory/", views.search, name="search"),
    path("directory/<uuid:listing_id>/", views.page, name="page"),
    path("practitioner/directory/", views.mine, name="mine"),
    path("practitioner/directory/page/", views.my_page, name="my_page"),
]

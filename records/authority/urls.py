"""The addresses of an authority's agent."""

from django.urls import path

from records.authority import pages

app_name = "authority"
ORDER = "authority/<uuid:order_id>/"
FILE = ORDER + "<uuid:file_id>/"
DOCUMENT = FILE + "documents/<uuid:document_id>/"

urlpatterns = [
    path("authority/", pages.home, name="home"),
    path("authority/join/<str:token>/", pages.join, name="join"),
    path(ORDER, pages.order, name="order"),
    path(FILE + "<str:part>/", pages.part, name="part"),
    path(DOCUMENT, pages.document, name="document"),
    path(DOCUMENT + "page/<int:number>.png", pages.page, name="document_page"),
]

"""The addresses of the patient's portal."""

from django.urls import path

from records.portal import pages, relatives, video, views

app_name = "patient"
LINK = "patient/practices/<uuid:link_id>/"
DOCUMENT = LINK + "documents/<uuid:document_id>/"

urlpatterns = [
    path("patient/", views.home, name="home"),
    path("patient/join/<str:token>/", views.invitation, name="invitation"),
    path("patient/accept/", views.accept, name="accept"),
    path("patient/code/", views.code, name="code"),
    path(LINK, pages.practice, name="practice"),
    path(DOCUMENT, pages.document, name="document"),
    path(DOCUMENT + "page/<int:number>.png", pages.page, name="document_page"),
    path(DOCUMENT + "download/", pages.download, name="document_download"),
    path(LINK + "consultations/<uuid:consultation_id>/", pages.consultation, name="consultation"),
    path(LINK + "relatives/", relatives.relatives, name="relatives"),
    path(LINK + "questionnaire/", pages.questionnaire, name="questionnaire"),
    path(LINK + "video/", video.video, name="video"),
]

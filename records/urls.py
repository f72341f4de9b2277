"""The addresses of patients and their files."""

from django.urls import path

from records.assist import views as assist
from records.authority import practice as authority
from records.coverage import views as coverage
from records.importing import views as importing
from records.portal import practitioner as portal
from records.restriction import views as restriction
from records.views import (
    archive,
    clock,
    consultations,
    corrections,
    deaths,
    documents,
    emergency,
    files,
    measures,
    patients,
    team,
)

app_name = "records"
FILE = "practitioner/patients/<uuid:file_id>/"
CONSULTATION = FILE + "consultations/<uuid:consultation_id>/"
DOCUMENT = FILE + "documents/<uuid:document_id>/"
READING = FILE + "restriction/read/<uuid:opening_id>/"
IMPORT = "practitioner/import/"
RUN = IMPORT + "<uuid:run_id>/"

urlpatterns = [
    path("practitioner/", patients.today, name="today"),
    path("practitioner/patients/", patients.patients, name="patients"),
    path("practitioner/patients/restricted/", restriction.restricted, name="restricted"),
    path("practitioner/patients/emergency/", emergency.emergency, name="emergency"),
    path("practitioner/patients/emergency/reviews/", emergency.reviews, name="emergencies"),
    path("practitioner/patients/emergency/reviews/<uuid:emergency_id>/", emergency.review, name="emergency_review"),
    path("practitioner/patients/new/", patients.new, name="new"),
    path(FILE, files.file, name="file"),
    path(FILE + "identity/", files.identity, name="identity"),
    path(FILE + "medical/", files.medical, name="medical"),
    path(FILE + "corrections/", corrections.corrections, name="corrections"),
    path(FILE + "clock/", clock.clock, name="clock"),
    path(FILE + "coverage/", coverage.ask, name="coverage"),
    path(FILE + "restriction/", restriction.restriction, name="restriction"),
    path(FILE + "restriction/read/", restriction.ask, name="restricted_ask"),
    path(READING, restriction.read, name="restricted_read"),
    path(READING + "documents/<uuid:document_id>/", restriction.document, name="restricted_document"),
    path(FILE + "team/", team.team_access, name="team_access"),
    path(FILE + "death/", deaths.death, name="death"),
    path(FILE + "portal/", portal.portal, name="portal"),
    path(FILE + "share/", portal.share, name="share"),
    path(FILE + "questionnaire/", portal.questionnaire, name="questionnaire"),
    path(FILE + "close/", files.close, name="close"),
    path(FILE + "kept/", files.kept, name="kept"),
    path(FILE + "kept/<uuid:kept_id>/", files.kept_one, name="kept_one"),
    path(FILE + "consultations/", consultations.consultations, name="consultations"),
    path(FILE + "consultations/new/", consultations.start, name="consultation_new"),
    path(CONSULTATION, consultations.consultation, name="consultation"),
    path(CONSULTATION + "draft/", consultations.draft, name="draft"),
    path(CONSULTATION + "assist/", assist.ask, name="assist"),
    path(CONSULTATION + "assist/<uuid:suggestion_id>/", assist.decide, name="assist_decide"),
    path(CONSULTATION + "amend/", consultations.amend, name="amend"),
    path(CONSULTATION + "strike/", consultations.strike, name="consultation_strike"),
    path(CONSULTATION + "discard/", consultations.discard, name="discard"),
    path(CONSULTATION + "print/", consultations.print_view, name="consultation_print"),
    path(CONSULTATION + "versions/<int:number>/", consultations.version, name="version"),
    path(FILE + "measures/", measures.measures, name="measures"),
    path(FILE + "measures/<uuid:measure_id>/strike/", measures.strike, name="strike"),
    path(FILE + "documents/", documents.documents, name="documents"),
    path(DOCUMENT, documents.document, name="document"),
    path(DOCUMENT + "page/<int:number>.png", documents.page, name="document_page"),
    path(DOCUMENT + "download/", documents.download, name="document_download"),
    path(FILE + "kept/imported.json", importing.imported_bundle, name="imported_bundle"),
    path("practitioner/patients/archive/", archive.archive, name="archive"),
    path("practitioner/patients/archive/<uuid:file_id>/", archive.archived, name="archived"),
    path("practitioner/settings/orders/", authority.orders, name="orders"),
    path("practitioner/settings/orders/<uuid:order_id>/", authority.order, name="order"),
    path("practitioner/settings/orders/<uuid:order_id>/paper/", authority.paper, name="order_paper"),
    path(IMPORT, importing.import_page, name="import"),
    path(RUN, importing.import_run, name="import_run"),
    path(RUN + "confirm/", importing.import_confirm, name="import_confirm"),
    path(RUN + "discard/", importing.import_discard, name="import_discard"),
]

"""Patient files and what they hold.

Every identity and health content is a sealed field under the key of its file (PC-80); dates,
counts, states and ids are in clear. Each table carries the id of its practice for row security.
"""

from records.models.content import Consultation, ConsultationStatus, ConsultationVersion, Document, Measure
from records.models.corrections import Correction
from records.models.coverage import CoverageCheck, CoverageOutcome
from records.models.files import ArchiveOpening, FileStatus, OfFile, OfPractice, Origin, PatientFile
from records.models.imports import ImportLine, ImportRun, KeptResource, SourceRecord
from records.models.orders import AuthorityKind, AuthorityOrder, OrderedFile, OrderGround, OrderPart, ToldHow
from records.models.portal import Questionnaire, QuestionnaireDraft, Share
from records.models.restrictions import OpeningGround, RestrictedOpening, Restriction, RestrictionGround, Told
from records.models.statistics import StatisticsRelease
from records.models.suggestions import Suggestion, SuggestionKind, SuggestionState
from records.models.training import EndReason, LeftWhy, TrainingBuild, TrainingEnd, TrainingMember

__all__ = [
    "ArchiveOpening",
    "AuthorityKind",
    "AuthorityOrder",
    "Consultation",
    "ConsultationStatus",
    "ConsultationVersion",
    "Correction",
    "CoverageCheck",
    "CoverageOutcome",
    "Document",
    "EndReason",
    "FileStatus",
    "ImportLine",
    "ImportRun",
    "KeptResource",
    "LeftWhy",
    "Measure",
    "OfFile",
    "OfPractice",
    "OpeningGround",
    "OrderGround",
    "OrderPart",
    "OrderedFile",
    "Origin",
    "PatientFile",
    "Questionnaire",
    "QuestionnaireDraft",
    "RestrictedOpening",
    "Restriction",
    "RestrictionGround",
    "Share",
    "SourceRecord",
    "StatisticsRelease",
    "Suggestion",
    "SuggestionKind",
    "SuggestionState",
    "Told",
    "ToldHow",
    "TrainingBuild",
    "TrainingEnd",
    "TrainingMember",
]

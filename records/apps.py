"""Patient files: identity, consultations, measures, documents."""

from django.apps import AppConfig

from audit.evidence import RowTerm, journal_each, register

JOURNALED = {
    "records.PatientFile": "",
    "records.Document": "",
    "records.ImportRun": "",
    "records.Consultation": "consultations",
    "records.Measure": "measures",
    "records.ArchiveOpening": "",
    "records.Restriction": "",
    "records.RestrictedOpening": "",
    "records.Share": "",
    "records.Questionnaire": "",
    "records.Correction": "",
    "records.AuthorityOrder": "",
    "records.OrderedFile": "",
    "records.StatisticsRelease": "",
    "records.Suggestion": "",
    "records.TrainingBuild": "",
    "records.TrainingEnd": "",
    "records.TrainingMember": "training_members",
    "records.CoverageCheck": "",
}
"""Each row has its event (MD-44); of what an import brings, one event per file counts it."""


class RecordsConfig(AppConfig):
    """Signed versions of consultations are evidence."""

    name = "records"

    def ready(self) -> None:
        """Have them sealed and verified; the vault asks the restrictions, and so does whatever a patient may agree to."""
        from accounts.hooks import land_at
        from adapters.folders import register_folder
        from consents.patients import leave_alone_when
        from records.assist import sending, stopping  # noqa: F401 - handlers of messages, and what a withdrawal stops
        from records.authority.landing import page_of_agent
        from records.coverage import sending as asking  # noqa: F401 - the handler of questions to payers
        from records.queries import is_left_alone
        from records.restriction import actions  # noqa: F401 - keeps book of who was told
        from records.restriction.queries import restricted
        from records.stored import FOLDERS
        from vault.restrictions import read_from

        for folder in FOLDERS:
            register_folder(folder)
        read_from(restricted)
        leave_alone_when(is_left_alone)
        land_at(page_of_agent)
        register("records_consultationversion", stream="records", each=RowTerm("", 0))
        register("records_statisticsrelease", stream="statistics")
        register("records_trainingbuild", stream="training")
        register("records_trainingend", stream="training_ends")
        follow_consents()
        for label, counted_as in JOURNALED.items():
            journal_each(label, counted_as)


def follow_consents() -> None:
    """Who takes a lock back, or dies, is recorded on the training sets in the same transaction; and people read in how many they are."""
    from consents.beside import say_beside
    from consents.hooks import when_decided
    from privacy.patient_keys import AI_TRAINING
    from records.actions.deaths import tell_also
    from records.training import leaving, queries, stopping  # noqa: F401 - stopping says what a withdrawal stops
    from records.training.rules import SLOT

    when_decided(AI_TRAINING, leaving.patient_decided)
    when_decided(SLOT, leaving.practitioner_decided)
    tell_also(leaving.death_recorded)
    say_beside(SLOT, queries.in_words_of_account)
    say_beside(AI_TRAINING, queries.in_words_of_file)

"""The outline of one bundle: what it holds, and why it can't be taken as a whole.

Made in one pass that decodes each entry and lets it go again; what is kept grows with the number of entries,
never with their size (PC-123).
"""

import json
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from .fhir_versions import check_bundle_version, check_resource_version
from .reading import BadInput, Entry, Resource, read_bundle
from .references import Names, Reference, contained_ids, is_outside, references_in, source_name

BUNDLE_TYPES = ("transaction", "batch", "collection", "searchset", "document")

_MAX_PROBLEMS = 20


@dataclass(slots=True)
class Outline:
    """A bundle that can be taken: its patient, the others, and the references that lead out of what it brings."""

    text: str
    patient: Entry
    entries: list[Entry]
    names: Names
    scope: str
    notes: dict[int, list[int]]
    """By the number of an encounter: the numbers of the documents that may hold its note."""
    ignored: list[BadInput]
    """Entries that bring no resource (a request to delete), with the reason."""
    dangling: list[Reference]

    def by_number(self, number: int) -> Entry:
        return self._index[number]

    _index: dict[int, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._index = {entry.number: entry for entry in self.entries}

    def source_name(self, entry: Entry) -> str:
        return source_name(entry, self.scope, self.text)

    def raw(self, entry: Entry) -> str:
        """The characters of the resource as they stand in the bundle."""
        return self.text[entry.start : entry.end]


def outline(text: str) -> Outline:
    """Go through a bundle and say what it holds; raises BadBundle with every reason (up to 20) why it can't be taken."""
    survey = _Survey(text)
    try:
        _check_head(read_bundle(text, survey.visit))
    except BadInput as problem:
        raise BadBundle([problem]) from None
    survey.check_patient()
    survey.check_references()
    if survey.problems:
        raise BadBundle(survey.problems)
    return survey.outline()


class BadBundle(Exception):
    """A bundle that isn't taken, with one BadInput for each place that has to be mended."""

    def __init__(self, problems: list[BadInput]) -> None:
        super().__init__(str(problems[0]))
        self.problems = problems


def _check_head(head: Resource) -> None:
    kind = head.get("resourceType")
    if kind != "Bundle":
        found = kind if isinstance(kind, str) else _("something without a type")
        raise BadInput("resourceType", _("a FHIR Bundle was expected; this file is: %(kind)s.") % {"kind": found[:60]})
    check_bundle_version(head)
    if head.get("type") not in BUNDLE_TYPES:
        raise BadInput(
            "type", _("a bundle of this type isn't imported. Export a %(types)s.") % {"types": " / ".join(BUNDLE_TYPES)}
        )


class _Survey:
    """Collects the outline while the entries go by."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.problems: list[BadInput] = []
        self.entries: list[Entry] = []
        self.patients: list[Entry] = []
        self.ignored: list[BadInput] = []
        self.names = Names()
        self.scope = ""
        self._open: list[tuple[Entry, Reference]] = []
        self._notes: list[tuple[Entry, str]] = []
        self.dangling: list[Reference] = []

    def visit(self, entry: Entry, resource: Resource | None) -> None:
        if resource is None:
            self._without_resource(entry)
            return
        try:
            check_resource_version(resource, entry.path)
        except BadInput as problem:
            self._problem(problem)
            return
        self.entries.append(entry)
        self.names.add(entry)
        self._collect(entry, resource)

    def _collect(self, entry: Entry, resource: Resource) -> None:
        if entry.resource_type == "Patient":
            self.patients.append(entry)
            self.scope = self.scope or _scope(resource)
        local = contained_ids(resource)
        for reference in references_in(resource, entry.path):
            if reference.target not in local:
                self._open.append((entry, reference))
                if entry.resource_type == "DocumentReference" and ".context.encounter[" in reference.path:
                    self._notes.append((entry, reference.target))

    def _without_resource(self, entry: Entry) -> None:
        path = f"entry[{entry.number}]"
        if entry.method.upper() in ("DELETE", "GET", "HEAD"):
            self.ignored.append(
                BadInput(path, _("this entry only asks a server to act; an import reads and deletes nothing."))
            )
        else:
            self._problem(BadInput(path, _("this entry has no resource.")))

    def check_patient(self) -> None:
        if not self.patients and not self.problems:
            self._problem(
                BadInput("entry", _("the bundle has no Patient. Each bundle must bring the patient whose file it is."))
            )
        for second in self.patients[1:]:
            self._problem(
                BadInput(second.path, _("a second Patient. A bundle holds one patient: export one bundle for each."))
            )

    def check_references(self) -> None:
        """Sort the references into found, outside, and dangling; one to another patient is a problem."""
        for _entry, reference in self._open:
            if self.names.find(reference.target) is not None:
                continue
            if reference.names_subject and reference.target_type == "Patient":
                self._problem(BadInput(reference.path, _("this belongs to another patient than the bundle's.")))
            elif not is_outside(reference.target):
                self.dangling.append(reference)
        self._open.clear()

    def outline(self) -> Outline:
        notes: dict[int, list[int]] = {}
        for entry, target in self._notes:
            encounter = self.names.find(target)
            if encounter is not None:
                notes.setdefault(encounter, []).append(entry.number)
        return Outline(
            self.text, self.patients[0], self.entries, self.names, self.scope, notes, self.ignored, self.dangling
        )  # fmt: skip

    def _problem(self, problem: BadInput) -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(problem)


def dangling_problem(reference: Reference) -> BadInput:
    """The message for a reference to something that neither the bundle nor an earlier import brought."""
    return BadInput(
        reference.path,
        _("this refers to a resource that isn't in the bundle. Export it together with what it refers to."),
    )


def _scope(patient: Resource) -> str:
    """Where short ids of this bundle are unique: the first identifier of its patient, else who the patient is."""
    identifiers = patient.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else ():
        if isinstance(identifier, dict) and identifier.get("value"):
            return f"{identifier.get('system', '')}|{identifier['value']}"
    return json.dumps([patient.get("name"), patient.get("birthDate")], sort_keys=True, default=str)

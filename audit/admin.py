"""Read-only windows on the journals for the DPO: ids, roles and moments, never contents."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.models import AccessEntry, EventEntry, ExpiredMonth, ExpiredRows, Seal, SecurityEntry
from audit.words import EVENTS, KINDS, Vocabulary, act_in_words


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Whoever may enter the office may look; nobody may write. PostgreSQL refuses it anyway."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Open to the office."""
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Open to the office."""
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, *_args: Any) -> bool:
        """Entries come from acts, not from hands."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Evidence isn't edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Evidence leaves with its month only."""
        return False


class ByWords(admin.SimpleListFilter):
    """A filter of the side bar by what happened, in words instead of the journal's names."""

    title = _("what happened")
    vocabulary: Vocabulary

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every name with its words, in the order of the words."""
        return sorted(((name, str(words)) for name, words in self.vocabulary.known.items()), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The lines with the chosen name; all of them while none is."""
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class ByVerb(ByWords):
    """By event."""

    parameter_name, vocabulary = "verb", EVENTS


class ByKind(ByWords):
    """By security event."""

    parameter_name, vocabulary = "kind", KINDS


class Journal(ReadOnly):
    """What the three journals have in common."""

    ordering = ("-id",)
    exclude = ("leaf",)
    date_hierarchy = None


@admin.register(AccessEntry)
class AccessWindow(Journal):
    """Who saw which part of which file (PC-70)."""

    list_display = ("at", "actor_role", "actor_id", "what", "purpose", "subject_id")
    list_filter = ("action", "purpose", "actor_role")
    search_fields = ("=subject_id", "=actor_id")

    @admin.display(description=_("what happened"))
    def what(self, entry: AccessEntry) -> str:
        """What was done to which part."""
        return act_in_words(entry.part, entry.action)


@admin.register(SecurityEntry)
class SecurityWindow(Journal):
    """Logins, factors, lock-outs."""

    list_display = ("at", "what", "outcome", "account_id", "ip")
    list_filter = ("outcome", ByKind)
    search_fields = ("=account_id",)

    @admin.display(description=_("what happened"))
    def what(self, entry: SecurityEntry) -> str:
        """The kind in words."""
        return KINDS.of(entry.kind)


@admin.register(EventEntry)
class EventWindow(Journal):
    """Creations, changes, deletions (MD-44)."""

    list_display = ("at", "what", "object_type", "object_id", "actor_role", "actor_id")
    list_filter = (ByVerb,)
    search_fields = ("=subject_id", "=object_id", "=actor_id")

    @admin.display(description=_("what happened"))
    def what(self, entry: EventEntry) -> str:
        """The verb in words."""
        return EVENTS.of(entry.verb)


@admin.register(Seal)
class SealWindow(ReadOnly):
    """The chain of seals (NEW-02)."""

    list_display = ("number", "at", "stream", "month", "rows", "key_id")
    list_filter = ("stream",)
    fields = ("number", "at", "stream", "table_name", "month", "rows", "settled", "top", "key_id")


@admin.register(ExpiredMonth)
class ExpiredMonthWindow(ReadOnly):
    """Months that left at the end of their term."""

    list_display = ("at", "stream", "month", "rows", "actor_role")
    exclude = ("leaf",)


@admin.register(ExpiredRows)
class ExpiredRowsWindow(ReadOnly):
    """Rows of evidence that left at the end of their own terms."""

    list_display = ("at", "stream", "rule", "rows", "actor_role")
    list_filter = ("stream",)
    exclude = ("leaf",)

"""Read-only windows on the journals for the DPO: ids, roles and moments, never contents."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from audit.models import AccessEntry, EventEntry, ExpiredMonth, ExpiredRows, Seal, SecurityEntry


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


class Journal(ReadOnly):
    """What the three journals have in common."""

    ordering = ("-id",)
    exclude = ("leaf",)
    date_hierarchy = None


@admin.register(AccessEntry)
class AccessWindow(Journal):
    """Who saw which part of which file (PC-70)."""

    list_display = ("at", "actor_role", "actor_id", "action", "part", "purpose", "subject_id")
    list_filter = ("action", "purpose", "actor_role")
    search_fields = ("=subject_id", "=actor_id")


@admin.register(SecurityEntry)
class SecurityWindow(Journal):
    """Logins, factors, lock-outs."""

    list_display = ("at", "kind", "outcome", "account_id", "ip")
    list_filter = ("outcome", "kind")
    search_fields = ("=account_id",)


@admin.register(EventEntry)
class EventWindow(Journal):
    """Creations, changes, deletions (MD-44)."""

    list_display = ("at", "verb", "object_type", "object_id", "actor_role", "actor_id")
    list_filter = ("object_type",)
    search_fields = ("=subject_id", "=object_id", "=actor_id")


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

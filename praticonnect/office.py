"""The DPO's and operations' back office: the Django admin behind a factor they hold (PC-81)."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class OfficeSite(AdminSite):
    """Only staff whose session is verified come in; the gate asks for a held factor before."""

    site_header = _("PratiConnect office")
    site_title = _("PratiConnect office")
    index_title = _("What is due")

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff with a proven second factor."""
        user = request.user
        return user.is_active and user.is_staff and user.is_verified()

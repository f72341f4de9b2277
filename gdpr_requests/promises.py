"""Live measures of the rights desk and of the house's own duties."""

from gdpr_requests.duties import promises as _duties  # noqa: F401 - registers PC-82

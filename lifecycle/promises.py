"""The promises of the clocks, by concern."""

from lifecycle import future as _future  # noqa: F401 - registers NEW-04
from lifecycle.holds import promises as _holds  # noqa: F401 - registers LAW-03 and NEW-03

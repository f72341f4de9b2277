"""The promises of the clocks, by concern."""

from lifecycle import future as _future  # noqa: F401 - registers NEW-04
from lifecycle import phase_promises as _phases  # noqa: F401 - registers PC-30 to PC-33
from lifecycle.breaches import promises as _breaches  # noqa: F401 - registers MD-55, MD-56
from lifecycle.changes import promises as _changes  # noqa: F401 - registers MD-13
from lifecycle.deletion import patient_promises as _closing  # noqa: F401 - registers MD-12
from lifecycle.deletion import promises as _deletion  # noqa: F401 - registers PC-34 and MD-22
from lifecycle.deletion import telling_promises as _telling  # noqa: F401 - registers the messages of PC-34
from lifecycle.erasure import promises as _erasure  # noqa: F401 - registers PC-35, PC-36, PC-40, PC-50, PC-62 and NEW-06
from lifecycle.expiring import promises as _expiring  # noqa: F401 - registers PC-43, PC-46, PC-46b, PC-51 and PC-52
from lifecycle.holds import promises as _holds  # noqa: F401 - registers LAW-03 and NEW-03
from lifecycle.residue import promises as _residue  # noqa: F401 - registers NEW-07
from lifecycle.retention import promises as _retention  # noqa: F401 - registers PC-41, PC-49, LAW-01 and MD-21
from lifecycle.rights import promises as _rights  # noqa: F401 - registers NEW-08
from lifecycle.schedule import promises as _schedule  # noqa: F401 - registers NEW-05

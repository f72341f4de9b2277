"""Every folder that the code writes to says what it holds: else its files are nobody's, and are removed as such (PC-91)."""

import re

from adapters.folders import folders
from tests.test_house import OURS


def test_every_folder_that_the_code_writes_to_is_registered() -> None:
    written = {
        found[1]
        for name, text in OURS.items()
        if name.endswith(".py") and not name.startswith(("tests/", "fakes/"))
        for found in re.finditer(r'^FOLDER: Final = "([a-z]+)"$', text, re.M)
    }
    assert written == {folder.name for folder in folders()}

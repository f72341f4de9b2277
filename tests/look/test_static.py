"""What production serves: every file a sheet or a page names exists, under a hashed name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import call_command

STATIC = Path(__file__).parents[2] / "static"
VENDOR = STATIC / "vendor"


@pytest.fixture
def collected(settings, tmp_path: Path) -> Path:
    """The static files as a production start collects them."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_collected_sheets_name_hashed_files_that_exist(collected: Path) -> None:
    [tokens] = collected.glob("css/tokens.*.css")
    urls = re.findall(r'url\("([^"]+)"\)', tokens.read_text())
    assert len(urls) == 3
    assert [url for url in urls if not (tokens.parent / url).resolve().exists()] == []
    assert all(re.search(r"\.[0-9a-f]{12}\.woff2$", url) for url in urls)


def test_collected_sprite_is_named_by_its_hash(collected: Path) -> None:
    storage = storages.create_storage({"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"})
    assert re.fullmatch(r"/static/vendor/lucide/sprite\.[0-9a-f]{12}\.svg", storage.url("vendor/lucide/sprite.svg"))


def test_vendored_parts_carry_their_licence_and_are_listed() -> None:
    folders = sorted(folder.name for folder in VENDOR.iterdir() if folder.is_dir())
    listed = re.findall(r"^\| `([^`]+)/`", (VENDOR / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == folders
    assert [name for name in folders if not (VENDOR / name / "LICENSE").read_text().strip()] == []


def test_sprite_holds_exactly_the_icons_of_its_list() -> None:
    sprite = (VENDOR / "lucide/sprite.svg").read_text()
    assert re.findall(r'<symbol id="([^"]+)"', sprite) == (VENDOR / "lucide/icons.txt").read_text().split()


def test_own_parts_name_no_address_elsewhere() -> None:
    own = [*STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")]
    assert [path.name for path in own if re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]{2,}", path.read_text())] == []

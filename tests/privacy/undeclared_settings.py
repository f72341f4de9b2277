"""The house with one more app, whose last field nobody declared."""

from praticonnect.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.privacy.undeclared_app"]  # noqa: F405

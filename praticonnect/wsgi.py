"""The web process's entry point."""

import logging
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "praticonnect.settings")
application = get_wsgi_application()

from praticonnect.short_paths import ShortPaths  # noqa: E402 - as the next one
from praticonnect.starting import refuse_restored  # noqa: E402 - needs the apps, which the line above loads

logging.getLogger("gunicorn.access").addFilter(ShortPaths())
refuse_restored()

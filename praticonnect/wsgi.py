"""The web process's entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "praticonnect.settings")
application = get_wsgi_application()

from praticonnect.starting import refuse_restored  # noqa: E402 - needs the apps, which the line above loads

refuse_restored()

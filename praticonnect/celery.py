"""The worker's and beat's entry point: rows are the truth, the broker only rings the bell."""

import os

from celery import Celery

from praticonnect.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "praticonnect.settings")
app = Celery("praticonnect")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = SCHEDULE
app.autodiscover_tasks()

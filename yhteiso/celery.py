"""The Celery application. Tasks are doorbells: what must not be lost lives in PostgreSQL rows."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yhteiso.settings")

app = Celery("yhteiso")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

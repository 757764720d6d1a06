"""The Celery application. Tasks are doorbells: what must not be lost lives in PostgreSQL rows."""

import os
from logging.config import dictConfig
from typing import Any

from celery.signals import setup_logging
from django.conf import settings

from yhteiso.jobs.task import Application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yhteiso.settings")

app = Application("yhteiso", task_cls="yhteiso.jobs.task:CountedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def same_logs(**kwargs: Any) -> None:
    """The worker and beat log as the web does, through the filter that keeps a family's words out."""
    dictConfig(settings.LOGGING)

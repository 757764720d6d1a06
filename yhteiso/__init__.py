"""Settings, URLs, Celery, and the cross-cutting parts that know no application: lib, hats, audit."""

from yhteiso.celery import app as celery_app

__all__ = ["celery_app"]

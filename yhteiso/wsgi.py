"""WSGI entry. Refuses to start where the demonstration flag and the database disagree."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yhteiso.settings")
application = get_wsgi_application()

from yhteiso.start import verify_process  # noqa: E402  needs the settings above

verify_process()

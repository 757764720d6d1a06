from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "yhteiso.outbox"
    label = "outbox"

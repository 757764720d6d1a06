from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "yhteiso.outbox"
    label = "outbox"

    def ready(self) -> None:
        from yhteiso.outbox import alarms  # noqa: F401 (the health page asks it)

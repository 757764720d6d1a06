from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from cases import alarms, facts, failures, kinds, senders  # noqa: F401 (models must be loaded first)

        kinds.register_all()
        facts.register_all()

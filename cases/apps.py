from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from cases import alarms, facts, failures, kinds, messages_told, senders  # noqa: F401 (models must be loaded first)
        from cases.actions import directory

        kinds.register_all()
        facts.register_all()
        messages_told.register_all()
        directory.register()

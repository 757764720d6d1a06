from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "meetings"

    def ready(self) -> None:
        from cases import addressees  # noqa: PLC0415 (models must be loaded first)
        from meetings import kinds  # noqa: PLC0415

        kinds.register_all()
        if kinds.open_deeds not in addressees.OPEN_DEEDS:
            addressees.OPEN_DEEDS.append(kinds.open_deeds)

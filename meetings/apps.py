from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "meetings"

    def ready(self) -> None:
        from cases import addressees
        from meetings import kinds, messages_told

        kinds.register_all()
        messages_told.register_all()
        if kinds.open_deeds not in addressees.OPEN_DEEDS:
            addressees.OPEN_DEEDS.append(kinds.open_deeds)

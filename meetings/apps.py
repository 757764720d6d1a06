from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "meetings"

    def ready(self) -> None:
        from cases import addressees, deadlines
        from cases.actions import disclosure
        from meetings import guest_sender, kinds, messages_told, senders  # noqa: F401 (senders register themselves)
        from meetings.actions.invitations import opened_time

        kinds.register_all()
        messages_told.register_all()
        if kinds.open_deeds not in addressees.OPEN_DEEDS:
            addressees.OPEN_DEEDS.append(kinds.open_deeds)
        if kinds.agreed_in_time not in deadlines.AGREED_IN_TIME:
            deadlines.AGREED_IN_TIME.append(kinds.agreed_in_time)
        if opened_time not in disclosure.TIME_OPENED:
            disclosure.TIME_OPENED.append(opened_time)

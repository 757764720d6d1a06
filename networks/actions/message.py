"""What a person wants to be told of, and how. Everybody chooses for oneself only."""

import re
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from networks.access import NotAllowed
from networks.actions.database import answer
from networks.message_kinds import CHANNELS, KINDS, SMS
from networks.models import MessageChoice, MessageSettings, User

MOBILE = re.compile(r"(\+358|0)(4\d|50)\d{4,8}|\+(?!358)\d{8,14}")


@dataclass(frozen=True, slots=True)
class Choices:
    """The whole form. `ticked` are the boxes as (kind, channel); `work_phone` says that the number is one's own."""

    ticked: frozenset[tuple[str, str]]
    quiet_from: time
    quiet_to: time
    language: str
    work_phone: bool


@transaction.atomic
def choose(*, by: User, choices: Choices, now: datetime) -> None:
    """Keep what was chosen, empty boxes too. What is forced needs no box.

    Raises NotAllowed for a text message without an own work phone, and for an account without a mobile number.
    """
    if choices.work_phone and not is_mobile(by.phone):
        raise NotAllowed(_("Your account has no mobile number. An administrator can add it."), "phone")
    if not choices.work_phone and any(channel == SMS for _kind, channel in choices.ticked):
        raise NotAllowed(_("Text messages go only to your own work phone. Tick that this number is yours."), "work phone")
    rows = [
        MessageChoice(user=by, kind=kind.code, channel=channel, wanted=(kind.code, channel) in choices.ticked)
        for kind in KINDS.values()
        for channel in CHANNELS
        if channel in kind.offered - kind.forced
    ]
    MessageChoice.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind", "channel"], update_fields=["wanted"]
    )
    kept = MessageSettings.objects.filter(user=by).first() or MessageSettings(user=by)
    confirmed_at = kept.sms_confirmed_at if kept.sms_phone == by.phone and kept.sms_confirmed_at else now
    settings = MessageSettings(
        user=by, quiet_from=choices.quiet_from, quiet_to=choices.quiet_to, sms_phone=by.phone if choices.work_phone else "",
        sms_confirmed_at=confirmed_at if choices.work_phone else None,
    )  # fmt: skip
    MessageSettings.objects.bulk_create(
        [settings], update_conflicts=True, unique_fields=["user"],
        update_fields=["quiet_from", "quiet_to", "sms_phone", "sms_confirmed_at"],
    )  # fmt: skip
    answer("SELECT sec.set_my_language(%s)", choices.language)


def is_mobile(phone: str) -> bool:
    """Whether text messages can go to this number: a Finnish mobile number, or a whole number of another country."""
    return MOBILE.fullmatch(re.sub(r"[\s\-()]", "", phone)) is not None

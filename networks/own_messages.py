"""What the blocks "When you are away" and "What you are told of, and how" need, on whichever page they stand.

`{% include "networks/_absence_box.html" with box=absence_box csrf_token=csrf_token only %}` takes `absence_box()`, and
`{% include "networks/_choices_form.html" with choices=choices csrf_token=csrf_token only %}` takes `choices()`.
"""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from networks.actions.message import is_mobile
from networks.message_forms import ChoicesForm
from networks.message_kinds import CHANNELS, KINDS, SMS, Kind, open_channels
from networks.models import Absence, Channel, MessageChoice, MessageSettings, User
from yhteiso.lib.dates import helsinki_date, period


def absence_box(user: User, now: datetime) -> dict[str, Any]:
    """The person's own coming absences, and those in which they have been asked or stand in. One query."""
    rows = Absence.objects.with_people().coming(helsinki_date(now)).filter(Q(user=user) | Q(substitute=user))
    lines = [line(row, now) for row in rows]
    theirs = [row for row in lines if row["person_id"] != user.pk]
    return {
        "mine": [row for row in lines if row["person_id"] == user.pk],
        "asked": [row for row in theirs if row["accepted"] is None],
        "standing": [row for row in theirs if row["accepted"]],
    }


def line(row: Absence, now: datetime) -> dict[str, Any]:
    """One absence for a template: days in words, who, and how the substitute has answered."""
    return {
        "pk": row.pk, "person_id": row.user_id, "who": row.user.shown_name, "day": row.from_on,
        "days": period(row.from_on, row.until_on), "now": row.is_on(helsinki_date(now)), "accepted": row.accepted,
        "substitute": row.substitute.shown_name if row.substitute else "", "answered_at": row.answered_at,
        "state": answer_state(row),
    }  # fmt: skip


def answer_state(row: Absence) -> tuple[str, str, str]:
    """The substitute's answer as a tag: text, tone, icon."""
    if row.substitute_id is None:
        return _("no substitute"), "yellow", "warn"
    return {
        None: (_("asked, no answer yet"), "yellow", "clock"),
        True: (_("stands in"), "green", "check"),
        False: (_("can't stand in"), "red", "cross"),
    }[row.accepted]


def choices(user: User, form: ChoicesForm | None = None) -> dict[str, Any]:
    """The form with the person's own choices, or as it was sent, and the rows of its table. Two queries."""
    settings = MessageSettings.objects.filter(user=user).first() or MessageSettings(user=user)
    confirmed = bool(settings.sms_phone) and settings.sms_phone == user.phone
    if form is None:
        picks: dict[str, dict[str, bool]] = {}
        for row in MessageChoice.objects.filter(user=user):
            picks.setdefault(row.kind, {})[row.channel] = row.wanted
        shown = {kind.code: open_channels(kind, picks.get(kind.code, {}), sms=confirmed) for kind in KINDS.values()}
        form = ChoicesForm(
            initial={
                "ticked": [f"{kind}:{channel}" for kind, channels in shown.items() for channel in channels],
                "work_phone": confirmed, "hours": (settings.quiet_from, settings.quiet_to), "language": user.language,
            }
        )  # fmt: skip
    mobile = is_mobile(user.phone)
    ticked = set(form["ticked"].value() or [])
    return {
        "form": form, "phone": user.phone if mobile else "", "heads": [Channel(channel).label for channel in CHANNELS],
        "rows": [_row(kind, ticked, mobile=mobile) for kind in KINDS.values()],
    }  # fmt: skip


def _row(kind: Kind, ticked: set[str], *, mobile: bool) -> dict[str, Any]:
    """One kind and its boxes. A forced box is ticked and shut; so is a text message without a mobile number, unticked.

    A channel that the kind never uses has no box at all.
    """
    cells = []
    for channel in CHANNELS:
        value, forced = f"{kind.code}:{channel}", channel in kind.forced
        cells.append(
            {
                "value": value, "id": f"box-{kind.code}-{channel}", "label": Channel(channel).label, "forced": forced,
                "offered": channel in kind.offered,
                "ticked": forced or value in ticked, "shut": forced or (channel == SMS and not mobile),
            }
        )  # fmt: skip
    return {"label": kind.label, "hint": kind.hint, "cells": cells}

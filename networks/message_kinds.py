"""The kinds of messages: what each is called, which channels can't be switched off, and which are on from the start.

A person is told of a message where `wanted` says, and mail and text messages wait for the end of the quiet hours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from networks.models import Channel, MessageSettings
from yhteiso.lib.dates import HELSINKI

HERE, EMAIL, SMS = Channel.HERE.value, Channel.EMAIL.value, Channel.SMS.value
CHANNELS = (HERE, EMAIL, SMS)


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the form. `forced` channels stand whatever somebody has chosen; `on` are the ones before any choice.

    Outside `offered` nothing is told whatever was chosen: a lost message that sends a message may be lost as well.
    """

    code: str
    label: str | Promise
    hint: str | Promise = ""
    forced: frozenset[str] = frozenset({HERE})
    on: frozenset[str] = frozenset({HERE, EMAIL})
    offered: frozenset[str] = frozenset(CHANNELS)


ALWAYS = _("this can't be switched off")
PARTLY = _("this can't be switched off altogether")
KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("invitation", _("Invitation or a question about times")),
        Kind("meeting", _("A meeting comes, moves or is cancelled"), _("48 h before and the same morning")),
        Kind(
            "promise", _("A promise is near or late"), _("this can't be switched off altogether"), frozenset({HERE, EMAIL})
        ),
        Kind("escalation", _("A situation waits too long"), ALWAYS, frozenset({HERE, EMAIL})),
        Kind("task", _("A task for you")),
        Kind("answer", _("An answer to your concern")),
        Kind("failure", _("A message did not arrive"), on=frozenset({HERE}), offered=frozenset({HERE})),
        Kind("family", _("The family read or wrote"), "", frozenset(), frozenset({HERE})),
        Kind("digest", _("Monday's summary"), _("one message, the week's things"), frozenset(), frozenset({EMAIL})),
    )
}


def wanted(user_ids: Iterable[int], kind: str) -> dict[int, set[str]]:
    """Where each of these people is told of this kind: a set of channels for everybody asked, empty for a shut account.

    One query; works in the hats area, member and jobs. A text message goes only to the number that the person has said to
    be their work phone, and only while the account has the same number. Raises KeyError for an unknown kind.
    """
    row, asked = KINDS[kind], sorted(set(user_ids))
    found: dict[int, set[str]] = {pk: set() for pk in asked}
    if not asked:
        return found
    with connection.cursor() as cursor:
        cursor.execute("SELECT person, active, sms, channel, wanted FROM sec.message_choices(%s, %s)", [asked, kind])
        answers = cursor.fetchall()
    chosen: dict[int, dict[str, bool]] = {}
    ready: dict[int, bool] = {}
    for person, active, sms, channel, yes in answers:
        if active:
            ready[person] = sms
            chosen.setdefault(person, {}).update({channel: yes} if channel else {})
    return found | {pk: open_channels(row, picks, sms=ready[pk]) for pk, picks in chosen.items()}


def open_channels(kind: Kind, picks: dict[str, bool], *, sms: bool) -> set[str]:
    """The channels of a kind for somebody with these picks; without a confirmed work phone (`sms`) no text message."""
    channels = {channel for channel in kind.offered if channel in kind.forced or picks.get(channel, channel in kind.on)}
    return channels if sms else channels - {SMS}


def settings_of(user_ids: Iterable[int]) -> dict[int, MessageSettings]:
    """The quiet hours of each of these people, the default ones for who has not chosen. Unsaved rows, for `available_at`.

    One query; works in the hats area, member and jobs.
    """
    asked = sorted(set(user_ids))
    found = {pk: MessageSettings(user_id=pk) for pk in asked}
    if asked:
        with connection.cursor() as cursor:
            cursor.execute("SELECT person, quiet_from, quiet_to FROM sec.quiet_hours(%s)", [asked])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        for pk, quiet_from, quiet_to in rows:
            found[pk].quiet_from, found[pk].quiet_to = quiet_from, quiet_to
    return found


def available_at(settings: MessageSettings, now: datetime) -> datetime:
    """When mail and text messages may go: now, or the end of the quiet hours that it is now, in Finnish clock time.

    From is quiet, until is not; the same time twice means no quiet hours. An end that the spring night skips is the moment
    when the clocks jump; in the autumn night the end is the next time that the clock shows it. Raises ValueError for a
    moment without a time zone. What is told in the application itself never waits.
    """
    if now.utcoffset() is None:
        raise ValueError("A moment needs its time zone.")
    local = now.astimezone(HELSINKI)
    if not is_quiet(settings, local.time()):
        return now
    ends = (end for days in (0, 1) for end in _shown(local.date() + timedelta(days=days), settings.quiet_to))
    return min(end for end in ends if end > now)


def _shown(day: date, at: time) -> list[datetime]:
    """The moments when clocks in Finland show this time: two in the autumn night, the jump itself in the spring night."""
    local = datetime.combine(day, at, tzinfo=HELSINKI)
    moments = [local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    after = moments[0].astimezone(HELSINKI)
    if after.time() != at:  # skipped: what comes out lies as far beyond the jump as the time lies into it
        return [after.replace(minute=0, second=0, microsecond=0).astimezone(UTC)]
    return moments


def is_quiet(settings: MessageSettings, at: time) -> bool:
    """Whether this Finnish clock time is in the quiet hours."""
    start, end = settings.quiet_from, settings.quiet_to
    if start <= end:
        return start <= at < end
    return at >= start or at < end

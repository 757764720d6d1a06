"""What is looked at once more before a message leaves: is it still news, and may it still reach this person?"""

from datetime import datetime

from cases.actions.digest import digest_key, week_of
from cases.models import Message, MessageKind
from networks.message_kinds import wanted
from networks.models import User
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Drop, Letter, resolves


@resolves("digest")
def digest(row: Outgoing, now: datetime) -> Letter | Drop:
    """The notice of a week: not sent when the week is over, when it is no longer wanted, or read already."""
    if row.about != week_of(now):
        return Drop("over")
    if Message.objects.filter(key=digest_key(row.to_user_id or 0, row.about), seen_at__isnull=False).exists():
        return Drop("seen")
    user = User.people.filter(pk=row.to_user_id or 0, is_active=True).first()
    if user is None:
        return Drop("inactive")
    if row.channel not in wanted([user.pk], MessageKind.DIGEST)[user.pk]:
        return Drop("unwanted")
    address = user.email if row.channel == "email" else user.phone
    return Letter(address, user.language, {}) if address else Drop("no address")


@resolves("message")
def message(row: Outgoing, now: datetime) -> Letter | Drop:
    """The notice of something in the inbox: not sent once read or no longer wanted there, nor to a shut account."""
    told = Message.objects.filter(pk=row.about).first()
    if told is None:
        return Drop("gone")
    if told.seen_at:
        return Drop("seen")
    user = User.people.filter(pk=told.to_id, is_active=True).first()
    if user is None:
        return Drop("inactive")
    if row.channel not in wanted([user.pk], told.kind)[user.pk]:  # switched off, or no longer their work phone
        return Drop("unwanted")
    address = user.email if row.channel == "email" else user.phone
    return Letter(address, user.language, {}) if address else Drop("no address")

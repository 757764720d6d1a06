"""What is looked at once more before a message leaves: is it still news, and may it still reach this person?"""

from datetime import datetime

from cases.models import Message
from networks.models import User
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Drop, Letter, resolves


@resolves("message")
def message(row: Outgoing, now: datetime) -> Letter | Drop:
    """The notice of something in the inbox: not sent for what was read meanwhile, nor to an account out of use."""
    told = Message.objects.filter(pk=row.about).first()
    if told is None:
        return Drop("gone")
    if told.seen_at:
        return Drop("seen")
    user = User.people.filter(pk=told.to_id, is_active=True).first()
    if user is None:
        return Drop("inactive")
    address = user.email if row.channel == "email" else user.phone
    return Letter(address, user.language, {}) if address else Drop("no address")

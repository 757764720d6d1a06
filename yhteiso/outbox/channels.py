"""The ways out: e-mail through Django's mailer, SMS through a gateway. No address or word of a message is ever logged."""

import smtplib
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from yhteiso.outbox import sms
from yhteiso.outbox.failures import Permanent, Temporary
from yhteiso.outbox.models import Channel, Outgoing
from yhteiso.outbox.registry import Letter
from yhteiso.outbox.texts import Words, render

CONSOLE = "django.core.mail.backends.console.EmailBackend"
# The recipient's own server says: no such person, not accepted, too much. Other 5xx codes speak of us, not of them.
REFUSED_RECIPIENT = {521, 550, 551, 552, 553, 554, 556}


def send(row: Outgoing, letter: Letter) -> str:
    """Send the row's message now and return what the provider calls it ("" when it says nothing).

    Raises Temporary or Permanent with a short code. Sending the same row again gives the same Message-ID or key.
    """
    words = render(row.text, letter.language, row.channel, {**letter.params, "link": link(row, letter.path)})
    if row.channel == Channel.SMS:
        return sms.send(number=letter.address, body=words.body, key=row.id.hex)
    return _mail(row, letter, words)


def link(row: Outgoing, own: str = "") -> str:
    """Where the message leads: the letter's own path, the area's number for a family without an account, else the inbox."""
    path = own or (reverse("number", args=[row.link_token]) if row.link_token else "/messages/")
    return settings.BASE_URL + path


def message_id(row_id: UUID) -> str:
    """The same at each try, and random but for the moment: it tells nothing, and a report of failure finds its row by it."""
    return f"<{row_id.hex}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2].strip(' >')}>"


def _mail(row: Outgoing, letter: Letter, words: Words) -> str:
    if settings.MAILERS["default"]["BACKEND"] == CONSOLE and not (settings.DEMO or settings.DEBUG):
        raise Permanent("no-mail-server")  # written to a log it would count as sent, and nobody would ever know
    headers = {
        "Message-ID": message_id(row.id),
        "Auto-Submitted": "auto-generated",  # no out-of-office answers (RFC 3834)
        "Content-Language": letter.language,
    }
    try:
        left = EmailMessage(words.subject, words.body, to=[letter.address], headers=headers).send()
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused(code for code, _words in error.recipients.values()) from None
    except smtplib.SMTPDataError as error:
        raise _refused([error.smtp_code]) from None
    except smtplib.SMTPResponseException as error:
        raise Temporary(f"smtp-{error.smtp_code}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Temporary(type(error).__name__) from None
    except ValueError:  # an address that no header can hold
        raise Permanent("address") from None
    if not left:  # an empty address is skipped without a word
        raise Permanent("address")
    return ""


def _refused(codes: Iterable[int]) -> Temporary | Permanent:
    worst = max(codes, default=0)
    return (Permanent if worst in REFUSED_RECIPIENT else Temporary)(f"smtp-{worst}")

"""What the coordinator reads aloud when a call ends: the number, who takes care of it, the date. Nothing of the family."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from cases.models import Call, Route
from networks.models import User
from yhteiso.lib.dates import helsinki_date, short_date

WHERE = {"shl35": _lazy("to social welfare"), "lsl25": _lazy("to child protection"), "112": _lazy("to 112")}


def receipt(call: Call, *, coordinator: User, now: datetime) -> str:
    """The sentence of a finished call. Whoever wrote a concern or a request keeps the number that they already have."""
    sentences = {
        Route.NETWORK: _(
            "Read to the caller: “Your number is %(ref)s. %(name)s takes care of this, %(phone)s. "
            "The network meets with the family by %(by)s.”"
        ),
        Route.ADVICE: _(
            "Read to the caller: “Your number is %(ref)s. You talked with %(name)s on %(date)s, %(phone)s. "
            "Nothing waits here now: call again whenever you like.”"
        ),
        Route.CONSULTATION: _(
            "Read to the caller: “Your number is %(ref)s. You talked with %(name)s on %(date)s, %(phone)s. "
            "Nothing of the family was kept. When you have talked with them, call again.”"
        ),
        Route.GUIDED: _(
            "Read to the caller: “Your number is %(ref)s. %(name)s, %(phone)s, guided you on %(where)s on %(date)s. "
            "You make the contact yourself, without delay: nobody here does it for you.”"
        ),
    }
    words = {
        "ref": call.answers.ref if call.answers else call.ref, "name": coordinator.shown_name, "phone": call.area.phone,
        "date": short_date(helsinki_date(call.finished_at or now)), "where": WHERE.get(call.guided_to, ""),
        "by": short_date(call.case.plan_by_on) if call.case else "",
    }  # fmt: skip
    return sentences[Route(call.route)] % {name: str(word) for name, word in words.items()}

"""The family's own door: a request is sent by somebody without an account, and answered by a coordinator's call."""

import json
import uuid
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from cases.actions import deadline
from cases.deadlines import KINDS
from cases.kinds import HELP_REQUEST
from cases.models import KNOWING, NAMELESS, Call, HelpRequest
from networks.models import Area, User
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.ids import new_ref

FIELDS = (
    "source", "everyday", "strengths", "child_name", "child_age", "place", "phone", "suits", "language", "interpreter",
    "protected",
)  # fmt: skip
SEND = "SELECT sec.send_help_request(%s, %s, %s, %s, %s, %s)"


@transaction.atomic
def send(*, area: Area, form_key: uuid.UUID, now: datetime, **fields: Any) -> str:
    """Write a request and its deadline; the two weeks begin. Returns its number, and the same one for the same `form_key`.

    Works in every hat of the web, without an account. Nobody is looked up: the answer is the same whoever is typed.
    Where the address must not show, the place is not kept.
    """
    steps = deadline.steps_of(
        KINDS[HELP_REQUEST], deadline.rungs_of(KINDS[HELP_REQUEST], area.pk, helsinki_date(now)), case_id=None,
        area_id=area.pk, about="", fact_at=now, last_on=None, person_id=None, unit_id=None, now=now,
    )  # fmt: skip
    rows = [
        {
            "id": str(step.pk), "step": step.step, "state": str(step.state), "late_at": step.late_at.isoformat(),
            "due_at": step.due_at.isoformat(), "ended_at": step.ended_at.isoformat() if step.ended_at else None,
        }
        for step in steps
    ]  # fmt: skip
    told = {name: fields[name] for name in FIELDS}
    with connection.cursor() as cursor:
        cursor.execute(SEND, [form_key, area.pk, new_ref(), now, json.dumps(told), json.dumps(rows)])
        return str(cursor.fetchone()[0])


def answer(*, call: Call, by: User, now: datetime) -> None:
    """The call about it is finished, so the request is answered. Where the call keeps nobody, nothing of it is kept.

    Part of `intake.finish_call`, which has locked the call.
    """
    deadline.end(HELP_REQUEST, case=None, about=call.help_request_id, now=now)
    emptied: dict[str, Any] = {}
    if call.case is None and (call.route in NAMELESS or call.consent not in KNOWING):
        texts = ("child_name", "place", "everyday", "strengths", "phone", "suits", "language")
        emptied = dict.fromkeys(texts, "") | {"child_age": None}
    HelpRequest.objects.filter(call=call, answered_at=None).update(
        answered_at=now, answered_by=by, case=call.case, **emptied
    )

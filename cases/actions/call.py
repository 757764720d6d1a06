"""What happens to a call while it goes on: the concern that the caller had sent is joined to it, or it moves to an area."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.intake import fresh, locked, told_by
from cases.kinds import CALL, HELP_REQUEST
from cases.models import Call, Concern, Deadline, HelpRequest
from networks.models import Area, User


@transaction.atomic
def join_concern(*, call: Call, concern: Concern, by: User, now: datetime) -> Call:
    """Let the call answer a concern that waits: T0 is the concern's moment if that came first.

    Its texts fill what is still empty in the call; nothing that was typed is overwritten. The same again changes nothing.
    Raises NotAllowed for a call that is finished or answers something else, for a concern of another area or one that is
    answered or taken back, and where somebody else has opened it: then that call answers it.
    """
    call = locked(call)
    if call.concern_id == concern.pk:
        return call
    if call.help_request_id:
        raise NotAllowed(_("This call answers a family's request. Answer the concern with a call of its own."))
    if call.finished_at or call.concern_id:
        raise NotAllowed(_("This call already answers a concern."))
    concern = fresh(
        Concern.objects.select_for_update(of=("self",), no_key=True)
        .select_related("unit", "logged_by")
        .defer("logged_by__password", "logged_by__last_login"),
        concern.pk,
    )
    if concern.area_id != call.area_id or concern.area_id not in by.area_ids:
        raise NotAllowed(_("This concern belongs to another area."))
    if concern.withdrawn_at:
        raise NotAllowed(_("The writer has taken this back."))
    if concern.answered_at or Call.objects.filter(concern=concern).exists():
        raise NotAllowed(_("Somebody else is already handling this concern."))
    call.concern = concern
    _fill(call, concern)
    call.version += 1
    call.saved_at = now
    try:
        with transaction.atomic():
            call.save()
    except IntegrityError as taken:  # there is a call, only not for these eyes
        raise NotAllowed(_("Somebody else is already handling this concern.")) from taken
    return call


def _fill(call: Call, concern: Concern) -> None:
    """What the concern tells goes where nothing is written yet; a birth date says the age already."""
    for name, value in told_by(concern).items():
        written = getattr(call, name) not in ("", None) or (name == "child_age" and call.child_born_on)
        if not written:
            setattr(call, name, value)


@transaction.atomic
def move_call(*, call: Call, area: Area, by: User) -> Call:
    """Move an unfinished call to the area of the caller's unit: with its deadline, and with the family's request that it
    answers.

    Raises NotAllowed for an area that this person does not coordinate, and once the call is finished or answers a concern.
    """
    call = locked(call)
    if area.pk not in by.area_ids:
        raise NotAllowed(_("Another coordinator answers for that area."))
    if call.finished_at or call.concern_id:
        raise NotAllowed(_("The call stays in its area."))
    call.area = area
    call.save(update_fields=["area"])
    Deadline.objects.filter(kind=CALL, case=None, about=str(call.pk)).update(area=area)
    if call.help_request_id:
        HelpRequest.objects.filter(pk=call.help_request_id, answered_at=None).update(area=area)
        Deadline.objects.filter(kind=HELP_REQUEST, case=None, about=str(call.help_request_id)).update(area=area)
    return call

"""After an anonymous consultation: the talk with the family is recorded, the kept text opens, or all of it is taken back."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, for_hats, log
from cases.actions import concern as concerns
from cases.actions import draft as drafts
from cases.forms_concern import TalkForm
from cases.models import Concern, FamilySaid
from yhteiso.audit.models import Verb


@for_hats("member")
@require_http_methods(["GET", "HEAD", "POST"])
def talk(request: UserRequest, ref: str) -> HttpResponse:
    """What did the family say, and what follows from it?"""
    concern, now = _own(request, ref), timezone.now()
    if refusal := concerns.talk_blocker(concern):
        messages.warning(request, refusal)
        return redirect("concern", ref=ref)
    form = TalkForm(request.POST if request.method == "POST" else None, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            row = concerns.record_talk(concern=concern, by=request.user, now=now, **form.cleaned_data)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            log(request, Verb.CHANGE, reason=f"talk with the family, concern {ref}")
            return _after(request, concern, row.said)
    context = {"form": form, "concern": concern, "kept": drafts.kept_of(concern, request.user, now)}
    return render(request, "cases/concern_talk.html", context, status=422 if form.is_bound else 200)


def _after(request: UserRequest, concern: Concern, said: str) -> HttpResponse:
    if said == FamilySaid.YES:
        messages.success(request, _("Good. The reminder has ended."))
        return _open(request, concern)
    messages.success(request, _("Recorded. The reminder has ended."))
    return redirect("concern", ref=concern.ref)


@for_hats("member")
@require_POST
def continuation(request: UserRequest, ref: str) -> HttpResponse:
    """The family has said yes: my text opens as a message with the child's name."""
    return _open(request, _own(request, ref))


def _open(request: UserRequest, concern: Concern) -> HttpResponse:
    try:
        drafts.open_kept(concern=concern, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.warning(request, str(refusal))
        return redirect("concern", ref=concern.ref)
    return redirect("concern-new")


@for_hats("member")
@require_POST
def withdrawal(request: UserRequest, ref: str) -> HttpResponse:
    """This is no longer needed."""
    concern = _own(request, ref)
    try:
        concerns.withdraw(concern=concern, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.warning(request, str(refusal))
    else:
        log(request, Verb.CHANGE, reason=f"concern {ref} taken back")
        messages.success(request, _("You have taken this back. Its text is deleted."))
    return redirect("concern", ref=ref)


def _own(request: UserRequest, ref: str) -> Concern:
    concern = Concern.objects.visible_to(request.user).filter(ref=ref).first()
    if concern is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    return concern

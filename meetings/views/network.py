"""A situation's network: who is in, who is asked along, what the guardians have said, and who leaves."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions import network as actions
from cases.actions.consent import needs_paper
from cases.actions.needs import choose_needs
from cases.actions.safe_contact import child_decides
from cases.actions.sibling import end_in_all, in_siblings
from cases.models import Case, CaseText, Membership, PersonKind, Status, UnitInvitation
from meetings.actions.meeting import add_person
from meetings.actions.siblings import add_in_all
from meetings.forms.network import ConsentForm, EndForm, MemberForm, PersonForm, SeatForm
from meetings.forms.unit_invitation import NeedsForm
from meetings.views.gathering import Ground, accepted, accepted_tag, gathering, missing_words
from meetings.views.siblings import shown_siblings
from meetings.views.situation import consent_tag, given_by, members_shown, person_line
from networks.models import Role, User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.names import initials


@require_http_methods(["GET", "HEAD", "POST"])
def network(request: UserRequest, ref: str) -> HttpResponse:
    """Who could help, and who is in already?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    today = helsinki_date(timezone.now())
    members = _members(case)
    people, siblings = _professionals(case, members, today), shown_siblings(request, case)
    data = request.POST if request.method == "POST" else None
    form = MemberForm(data, people=people, siblings=siblings["siblings"], prefix="member")
    if form.is_bound and _add_member(request, case, form, people):
        return redirect("case-network", ref=case.ref)
    return _page(request, case, members, form, today, status=422 if form.is_bound else 200, **siblings)


@require_http_methods(["GET", "HEAD", "POST"])
def network_person(request: UserRequest, ref: str) -> HttpResponse:
    """Whom of the family is asked along, and what have they said?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    today = helsinki_date(timezone.now())
    kind = PersonKind.CLOSE if request.GET.get("kind") == PersonKind.CLOSE else PersonKind.GUARDIAN
    form = PersonForm(request.POST if request.method == "POST" else None, today=today, kind=kind, prefix="person")
    if form.is_bound and _add_person(request, case, form):
        return redirect("case-network", ref=case.ref)
    context = {
        "case": case, "form": form, "clock": case.clock(today), "closed": case.status == Status.CLOSED,
        "told": "" if case.protected else CaseText.objects.filter(case=case).values_list("guardians", flat=True).first(),
    }  # fmt: skip
    return render(request, "meetings/network_person.html", context, status=422 if form.is_bound else 200)


def _add_member(request: UserRequest, case: Case, form: MemberForm, people: list[User]) -> bool:
    if not form.is_valid():
        return False
    data = form.cleaned_data
    user = next(user for user in people if user.pk == data["user"])
    try:
        add_in_all(
            case=case, also=data.get("also", ()), user=user, must_attend=data["must_attend"], masked=data["masked"],
            index_only=data["index_only"], by=request.user, now=timezone.now(),
        )  # fmt: skip
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("The new member is in the network."))
    messages.info(request, _consent_needed(user, data["index_only"]))
    return True


def _consent_needed(user: User, index_only: bool) -> str:
    """Which consent the new member waits for, said at once. Names nobody: messages lie in the session."""
    if index_only:
        return _("They take part without content. Ask the family whether they may know the time.")
    if user.unit is None or user.unit.agency.written_consent:
        return _("They see nothing before the family's written consent for this person. Print the paper from the consents.")
    return _("They see nothing before the family has said yes to their unit. Record the answer on the page of consents.")


def _add_person(request: UserRequest, case: Case, form: PersonForm) -> bool:
    if not form.is_valid():
        return False
    try:
        add_person(case=case, by=request.user, now=timezone.now(), **form.cleaned_data)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("The new member is in the network."))
    return True


@require_POST
def person_consent(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """What has this guardian said of exchanging information?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    person = get_object_or_404(case.persons, pk=pk, kind=PersonKind.GUARDIAN)
    now = timezone.now()
    form = ConsentForm(request.POST, today=helsinki_date(now), prefix=f"consent-{person.pk}")
    if form.is_valid():
        try:
            actions.record_consent(case=case, person=person, by=request.user, now=now, **form.cleaned_data)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The consent is recorded."))
            return redirect("case-network", ref=case.ref)
    members, today = _members(case), helsinki_date(now)
    people = _professionals(case, members, today)
    adding = MemberForm(people=people, prefix="member")
    return _page(request, case, members, adding, today, consent=(person.pk, form), status=422)


@require_POST
def case_needs(request: UserRequest, ref: str) -> HttpResponse:
    """What is help needed with? The area's rules ask nothing else."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    form = NeedsForm(request.POST, prefix="needs")
    if form.is_valid():
        try:
            choose_needs(case=case, by=request.user, now=timezone.now(), **form.cleaned_data)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(f"{reverse('case-network', args=[case.ref])}#ehdotukset")
    members, today = _members(case), helsinki_date(timezone.now())
    adding = MemberForm(people=_professionals(case, members, today), prefix="member")
    return _page(request, case, members, adding, today, needs=form, status=422)


@require_POST
def network_seat(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """How is this member shown, and do they see content?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    member = get_object_or_404(case.memberships.current().filter(user__isnull=False), pk=pk)
    form = SeatForm(request.POST, prefix=f"seat-{member.pk}")
    form.full_clean()
    try:
        actions.change_seat(case=case, membership=member, by=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("The change is saved. It holds from this moment on."))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("case-network", ref=case.ref)


@require_http_methods(["GET", "HEAD", "POST"])
def network_end(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """What ends when this person leaves, and why?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    member = get_object_or_404(case.memberships.current().with_people(), pk=pk)
    if refusal := actions.end_blocker(case, member):
        messages.error(request, refusal)
        return redirect("case-network", ref=case.ref)
    guardian = member.person is not None and member.person.kind == PersonKind.GUARDIAN
    sits_in = in_siblings(case, member)
    form = EndForm(request.POST if request.method == "POST" else None, guardian=guardian, siblings=sits_in)
    if request.method == "POST" and form.is_valid():
        try:
            end_in_all(case=case, membership=member, by=request.user, now=timezone.now(), **form.cleaned_data)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The membership has ended."))
            return redirect("case-network", ref=case.ref)
    context = {"case": case, "member": member, "name": real_name(member), "form": form}
    return render(request, "meetings/network_end.html", context, status=422 if form.is_bound else 200)


def real_name(member: Membership) -> str:
    """The name also where the network sees a mask: the coordinator must know whom to call."""
    return member.user.name if member.user else member.name


def _members(case: Case) -> list[Membership]:
    return list(members_shown(case).with_people().select_related("person__contact"))


def _professionals(case: Case, members: list[Membership], today: date) -> list[User]:
    """Those of the county's units who work as professionals today and are not in the network, unit by unit."""
    in_force = Q(roles__ends_on=None) | Q(roles__ends_on__gte=today)
    rows = User.people.filter(
        in_force, is_active=True, roles__role=Role.PROFESSIONAL, roles__starts_on__lte=today,
        unit__area__county_id=case.area.county_id,
    ).exclude(pk__in=[row.user_id for row in members if row.user_id]).select_related("unit__agency")  # fmt: skip
    return list(rows.distinct().order_by("unit__name", "unit_id", "sort_key", "pk"))


def _page(
    request: UserRequest, case: Case, members: list[Membership], member_form: MemberForm, today: date, *,
    consent: tuple[int, ConsentForm] | None = None, needs: NeedsForm | None = None, status: int, **more: Any,
) -> HttpResponse:  # fmt: skip
    every = (consent[1] if consent else None, needs, member_form)
    given = given_by(case)
    bound = next((form for form in every if form and form.is_bound), None)
    ground = Ground(case, members, timezone.now())
    asked, missing = accepted(ground), missing_words(case, members, today)
    context = gathering(ground, request.GET, needs) | {
        "case": case, "clock": case.clock(today), "member_form": member_form, "form": bound,
        "closed": case.status == Status.CLOSED,
        "professionals": [
            _professional(case, row, asked.get(row.user_id), missing, today) for row in members if row.user_id
        ],
        "family": [_relative(case, row, today, consent, given) for row in members if row.person_id], **more,
    }  # fmt: skip
    return render(request, "meetings/network.html", context, status=status)


def _professional(
    case: Case, member: Membership, asked: UnitInvitation | None, missing: dict[int, list[str]], today: date
) -> dict[str, Any]:  # fmt: skip
    tags = [accepted_tag(asked, today)] if asked else []
    if member.user_id == case.coordinator_id:
        tags.append((_("Coordinates"), "", "star"))
    if member.role == "caller":
        tags.append((_("Made contact"), "", "phone"))
    if member.must_attend:
        tags.append((_("Must attend"), "", "flag"))
    moved = bool(member.user and member.unit_id != member.user.unit_id and member.user_id != case.coordinator_id)
    if moved:
        tags.append((_("Has changed unit: who goes on?"), "yellow", "ask"))
    if needs_paper(member):
        tags.append((_("Needs a written consent"), "grey", "pen"))
    if member.index_only:
        tags.append((_("Without content"), "grey", "eye"))
    if member.masked:
        tags.append((_("Shown as “health services”"), "grey", "lock"))
    unit = member.unit
    return {
        "row": member, "name": real_name(member), "unit": unit.name if unit else "",
        "agency": unit.agency.name if unit else "", "title": member.user.title if member.user else "",
        "tags": tags, "ends": actions.end_blocker(case, member) is None, "moved": moved,
        "asked": asked, "missing": missing.get(member.pk, []),
        "form": SeatForm(initial=vars(member), prefix=f"seat-{member.pk}") if member.role != "coordinator" else None,
    }  # fmt: skip


def _relative(
    case: Case, member: Membership, today: date, consent: tuple[int, ConsentForm] | None, given: set[int]
) -> dict[str, Any]:  # fmt: skip
    person = member.person
    assert person is not None
    guardian = person.kind == PersonKind.GUARDIAN
    form = None
    if guardian:
        initial = {"consent": person.consent, "consent_on": person.consent_on or today}
        form = ConsentForm(initial=initial, today=today, prefix=f"consent-{person.pk}")
        if consent and consent[0] == person.pk:
            form = consent[1]
    contact = getattr(person, "contact", None)
    return {
        "row": member, "person": person, "name": person.full_name, "initials": initials(person.full_name),
        "org": person_line(person), "phone": contact.phone if contact else "",
        "tags": [consent_tag(person, given, stopped=case.stopped)] if guardian else [], "form": form,
        "safe": guardian or (person.kind == PersonKind.CHILD and child_decides(case)),
        "ends": actions.end_blocker(case, member) is None,
    }  # fmt: skip

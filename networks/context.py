"""What every page's frame needs: the menu of the role worn, who is signed in, whom to call."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as noop

from networks import organisation, sessions
from networks.access import STAFF_HATS
from networks.models import Area, Role, RoleMembership, User
from networks.notices import title_of
from networks.safety import safety_of, tel

DEMO_DOMAIN = "esimerkki.invalid"  # the demonstration's people; such an address belongs to nobody (RFC 6761)

# Four items at most: they fit one row of a phone (design 6).
MENUS: dict[str, list[tuple[str, str]]] = {
    "member": [("home", noop("Today")), ("case-list", noop("Situations")), ("commitment-list", noop("Promises")),
               ("meeting-list", noop("Meetings"))],
    "area": [("board", noop("Board")), ("case-list", noop("Situations")), ("meeting-list", noop("Meetings")),
             ("commitment-list", noop("Promises"))],
    "unit": [("unit-commitments", noop("Promises"))],
    "report": [("month-latest", noop("Monthly overview"))],
    "admin": [("admin:index", noop("Reference data")), ("service-list", noop("Services")),
              ("power-list", noop("Waiting powers")), ("health", noop("State"))],
    "officer": [("oversight", noop("Data protection")), ("log", noop("Log")), ("disclosures", noop("Disclosures")),
                ("oddities", noop("Unusual"))],
}  # fmt: skip
HOMES = {"member": "home", "area": "board", "unit": "unit-commitments", "report": "month-latest", "officer": "oversight",
         "admin": "admin:index"}  # fmt: skip
# Pages below a menu item, on which it is the current one.
INSIDE = {
    "service-list": ("service", "service-new", "service-import", "service-trial"),
    "power-list": ("power",),
    "health": ("dead-letters", "silence-cause"),
    "log": ("log-report",),
    "month-latest": ("month",),
    "case-list": ("case", "case-network", "case-readers"),
    "meeting-list": ("meeting", "meeting-new"),
}


def page(request: HttpRequest) -> dict[str, Any]:
    """`page` for the templates; its shape is described in docs/components.md."""
    found = getattr(request, "user", None)
    # A locked session shows nothing of its owner, not even the menu.
    user = found if isinstance(found, User) and not sessions.is_locked(request) else None
    frame: dict[str, Any] = {
        "demo": settings.DEMO,
        "demo_url": reverse("demo-signin"),
        "languages": _languages(),
        "language_url": reverse("set_language"),
        "idle_seconds": sessions.idle_seconds(request) if user else None,
        "shared_device": bool(user) and sessions.is_shared(request),
        "organisations": [] if user else organisation.organisations(),
        "keepalive_url": reverse("keepalive"),
        "token_url": reverse("keepalive-token"),
        "who": user.pk if user else None,
        "area": None,
        "safety": None,
        "home_url": reverse("home"),
        "nav": [],
    }
    if getattr(request, "error_page", False):
        return {"page": frame}
    area = area_of(user) if user else Area.objects.order_by("pk").first()
    if area:
        frame |= {"area": _phone(area), "safety": SimpleLazyObject(lambda: safety_of(area))}
    if user:
        frame |= _person(request, user)
    elif settings.DEMO:
        frame["demo_accounts"] = demo_accounts()
    return {"page": frame}


def area_of(user: User) -> Area | None:
    """The area whose number the person calls: of the role worn, else of the unit, else the first."""
    worn = user.worn
    if worn and worn.area:
        return worn.area
    if user.unit and user.unit.area:
        return user.unit.area
    return Area.objects.order_by("pk").first()


def _person(request: HttpRequest, user: User) -> dict[str, Any]:
    hat, worn = user.hat, user.worn
    match = request.resolver_match.view_name if request.resolver_match else ""
    label = f"{worn.area or worn.unit or user.unit or ''} · {worn.get_role_display().lower()}" if worn else ""
    return {
        "nav": [
            {"url": reverse(name), "label": gettext(text), "current": match == name or match in INSIDE.get(name, ())}
            for name, text in MENUS.get(hat, [])
        ],
        "action": {"url": reverse("call-start"), "label": gettext("New call"), "icon": "phone", "form": True}
        if hat == "area"
        else None,
        "user_name": user.name,
        "user_label": label.strip(" ·"),
        "initials": user.initials,
        "account_url": reverse("mfa_index"),
        "tasks_url": reverse("task-list") if hat in ("area", "member") else None,
        "absences_url": reverse("absences") if hat in STAFF_HATS else None,
        "choices_url": reverse("message-settings") if hat in STAFF_HATS else None,
        # In the footer of every page: no fifth item of the menu.
        "services_url": reverse("service-list") if hat in STAFF_HATS else None,
        "role_url": reverse("role"),
        "messages_url": reverse("messages"),
        "unseen": user.unseen_messages,
        "messages_title": title_of(user.unseen_messages),
        "settings_url": reverse("area-settings", args=[worn.area_id]) if hat == "area" and worn and worn.area_id else "",
        "powers_url": reverse("power-list") if hat == "area" and user.answers_for else "",
        "roles": [{"value": row.pk, "label": _role_label(row)} for row in user.current_roles if row != worn],
    }


def _role_label(row: RoleMembership) -> str:
    where = row.area or row.unit
    return f"{row.get_role_display()}, {where}" if where else row.get_role_display()


def _phone(area: Area) -> dict[str, str]:
    someone = area.responsible if area.responsible_id else None
    person = "" if someone is None else someone.initials if someone.protected_identity else someone.name
    return {"name": area.name, "phone": area.phone, "phone_href": tel(area.phone), "hours": area.hours, "person": person}


def _languages() -> list[dict[str, Any]]:
    names = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
    return [{"code": code, "label": names[code], "current": code == get_language()} for code, _ in settings.LANGUAGES]


def demo_accounts() -> list[dict[str, str]]:
    """The demonstration's one-click accounts: two for the roles that need each other, one for the rest."""
    people = User.people.filter(email__endswith=f"@{DEMO_DOMAIN}", is_active=True, roles__isnull=False)
    people = people.select_related("unit").defer("password", "last_login").prefetch_related("roles").order_by("pk")
    order, shown, rows = list(Role.values), Counter[str](), []
    for user in people.distinct():
        role = min(user.roles.all(), key=lambda row: order.index(row.role))
        shown[role.role] += 1
        if shown[role.role] <= (2 if role.role in {Role.COORDINATOR, Role.PROFESSIONAL} else 1):
            what = f"{user.title}, {user.unit}" if user.unit else user.title
            rows.append({"value": str(user.pk), "name": user.name, "label": str(role.get_role_display()), "what": what})
    return rows

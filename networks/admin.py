"""Reference data only, in the `admin` hat: no table of a family is registered, and the hat could read none."""

from typing import Any

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from networks import actions
from networks.models import (
    AccountInvitation,
    Agency,
    Area,
    County,
    Municipality,
    RoleMembership,
    Unit,
    User,
)
from networks.signin import signed_in


class ReferenceModelAdmin(admin.ModelAdmin):
    """Reference data in the `admin` hat: people without their credentials, and no deleting.

    What a family's rows point at is never deleted; looking for such rows would need a right that this hat does not have.
    The history page would read whole accounts, so it is left out; the deeds are in `django_admin_log` all the same.
    """

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise Http404

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is User:
            kwargs["queryset"] = User.people.all()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(County)
class CountyAdmin(ReferenceModelAdmin):
    list_display = ("code", "name")


@admin.register(Municipality)
class MunicipalityAdmin(ReferenceModelAdmin):
    list_display = ("code", "name", "county")
    search_fields = ("name", "code")


@admin.register(Area)
class AreaAdmin(ReferenceModelAdmin):
    list_display = ("name", "county", "phone")
    filter_horizontal = ("municipalities",)


@admin.register(Agency)
class AgencyAdmin(ReferenceModelAdmin):
    """A new agency asks for consent in writing and for each person. That, and the sector, decide what opens of a family's
    situation, so neither is changed here: the database refuses it to this hat.
    """

    list_display = ("name", "sector", "controller")
    list_filter = ("sector",)
    kept = ("name", "legal_name", "controller")

    def get_fields(self, request: HttpRequest, obj: Agency | None = None) -> tuple[str, ...]:
        return (*self.kept, "sector", "written_consent")

    def get_readonly_fields(self, request: HttpRequest, obj: Agency | None = None) -> tuple[str, ...]:
        return ("written_consent",) if obj is None else ("sector", "written_consent")

    def save_model(self, request: HttpRequest, obj: Agency, form: ModelForm, change: bool) -> None:
        obj.save(update_fields=self.kept if change else None)


@admin.register(Unit)
class UnitAdmin(ReferenceModelAdmin):
    list_display = ("name", "agency", "area", "head")
    list_filter = ("area", "agency")
    list_select_related = False  # it would join whole people; the head is fetched without credentials
    search_fields = ("name",)
    kept = ("name", "area", "head")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("agency", "area")

    def get_readonly_fields(self, request: HttpRequest, obj: Unit | None = None) -> tuple[str, ...]:
        """A unit stays with its agency, to which the family has said yes."""
        return () if obj is None else ("agency",)

    def save_model(self, request: HttpRequest, obj: Unit, form: ModelForm, change: bool) -> None:
        obj.save(update_fields=self.kept if change else None)


class RoleInline(admin.TabularInline):
    """Roles are shown here and given elsewhere: one administrator proposes, another person accepts."""

    model = RoleMembership
    extra = 0
    fields = readonly_fields = ("role", "area", "unit", "starts_on", "ends_on")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ReferenceModelAdmin):
    """People come by invitation; here their details are kept. No password is seen or set.

    Roles, the sign-in address, the second step and the state of the account have pages of their own (`staff-account`).
    """

    list_display = ("name", "title", "unit", "is_active", "account")
    search_fields = ("name", "email")
    kept = ("name", "title", "unit", "phone", "language", "lp_trained_on", "protected_identity")
    fields = (*kept, "is_active", "powers")
    readonly_fields = ("is_active", "powers")
    inlines = (RoleInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return User.people.select_related("unit")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Write only what is kept here: the database refuses the rest to this hat."""
        obj.save(update_fields=[*self.kept, "sort_key"])

    @admin.display(description=_lazy("account"))
    def account(self, obj: User) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("staff-account", args=[obj.pk]), _("Roles and sign-in"))

    @admin.display(description=_lazy("powers"))
    def powers(self, obj: User) -> SafeString:
        """Where the rest is proposed or done."""
        pages = [
            ("staff-role", _("Propose a role")),
            ("staff-email", _("Propose a new sign-in address")),
            ("staff-second-factor", _("Propose removing the second step")),
            ("staff-account", _("Suspend or close")),
        ]
        links = [(reverse(name, args=[obj.pk]), text) for name, text in pages]
        return format_html_join(mark_safe("<br>"), '<a href="{}">{}</a>', links)


@admin.register(AccountInvitation)
class AccountInvitationAdmin(ReferenceModelAdmin):
    list_display = ("email", "name", "role", "invited_at", "accepted_at")
    fields = ("email", "name", "title", "unit", "role", "area")

    def save_model(self, request: HttpRequest, obj: AccountInvitation, form: ModelForm, change: bool) -> None:
        token = actions.invite(invitation=obj, by=signed_in(request), now=timezone.now())
        link = request.build_absolute_uri(reverse("invitation", args=[token]))
        messages.success(request, _("Give this link to the person. It is shown only now: %(link)s") % {"link": link})
        messages.warning(request, _("The link opens when another person has accepted the invitation."))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

"""Reference data only, in the `admin` hat: no table of a family is registered, and the hat could read none."""

from typing import Any

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from networks import actions
from networks.models import (
    AccountInvitation,
    Agency,
    Area,
    County,
    Municipality,
    RoleMembership,
    Service,
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
    list_display = ("name", "sector", "controller")
    list_filter = ("sector",)


@admin.register(Unit)
class UnitAdmin(ReferenceModelAdmin):
    list_display = ("name", "agency", "area", "head")
    list_filter = ("area", "agency")
    list_select_related = False  # it would join whole people; the head is fetched without credentials
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("agency", "area")


@admin.register(Service)
class ServiceAdmin(ReferenceModelAdmin):
    list_display = ("name", "unit", "phone")


class RoleInline(admin.TabularInline):
    model = RoleMembership
    extra = 0
    can_delete = False  # a role ends on a day; it is not unmade


@admin.register(User)
class UserAdmin(ReferenceModelAdmin):
    """People come by invitation; here their details and roles are kept. No password is seen or set."""

    list_display = ("name", "title", "unit", "is_active")
    search_fields = ("name", "email")
    fields = ("name", "title", "unit", "phone", "language", "lp_trained_on", "protected_identity", "is_active")
    inlines = (RoleInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return User.people.select_related("unit")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(AccountInvitation)
class AccountInvitationAdmin(ReferenceModelAdmin):
    list_display = ("email", "name", "role", "invited_at", "accepted_at")
    fields = ("email", "name", "title", "unit", "role", "area")

    def save_model(self, request: HttpRequest, obj: AccountInvitation, form: ModelForm, change: bool) -> None:
        token = actions.invite(invitation=obj, by=signed_in(request), now=timezone.now())
        link = request.build_absolute_uri(reverse("invitation", args=[token]))
        messages.success(request, _("Give this link to the person. It is shown only now: %(link)s") % {"link": link})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

"""Reference data only, in the `admin` hat: no table of a family is registered, and the hat could read none."""

from typing import Any

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest
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


@admin.register(County)
class CountyAdmin(admin.ModelAdmin):
    list_display = ("code", "name")


@admin.register(Municipality)
class MunicipalityAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "county")
    search_fields = ("name", "code")


@admin.register(Area)
class AreaAdmin(admin.ModelAdmin):
    list_display = ("name", "county", "phone")
    filter_horizontal = ("municipalities",)


@admin.register(Agency)
class AgencyAdmin(admin.ModelAdmin):
    list_display = ("name", "sector", "controller")
    list_filter = ("sector",)


@admin.register(Unit)
class UnitAdmin(admin.ModelAdmin):
    list_display = ("name", "agency", "area", "head")
    list_filter = ("area", "agency")
    search_fields = ("name",)


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin):
    list_display = ("name", "unit", "phone")


class RoleInline(admin.TabularInline):
    model = RoleMembership
    extra = 0


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People come by invitation; here their details and roles are kept. No password is seen or set."""

    list_display = ("name", "title", "unit", "is_active")
    search_fields = ("name", "email")
    fields = ("name", "title", "unit", "phone", "language", "lp_trained_on", "protected_identity", "is_active")
    inlines = (RoleInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return User.people.select_related("unit")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AccountInvitation)
class AccountInvitationAdmin(admin.ModelAdmin):
    list_display = ("email", "name", "role", "invited_at", "accepted_at")
    fields = ("email", "name", "title", "unit", "role", "area")

    def save_model(self, request: HttpRequest, obj: AccountInvitation, form: ModelForm, change: bool) -> None:
        token = actions.invite(invitation=obj, by=request.user, now=timezone.now())
        link = request.build_absolute_uri(reverse("invitation", args=[token]))
        messages.success(request, _("Give this link to the person. It is shown only now: %(link)s") % {"link": link})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

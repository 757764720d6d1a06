"""The address book. A verb is a resource; nothing about a family but a random reference stands in an address."""

from allauth.account import views as account
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path, register_converter
from django.views.i18n import set_language

from networks.step_up import fresh_sign_in
from yhteiso import views
from yhteiso.lib.ids import RefConverter

register_converter(RefConverter, "ref")


urlpatterns = [
    path("help/", views.help_page, name="help"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("keepalive/", views.keepalive, name="keepalive"),
    path("keepalive/token/", views.keepalive_token, name="keepalive-token"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("account/login/", account.login, name="account_login"),
    path("account/signup/", account.signup, name="account_signup"),  # closed: by invitation only
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", account.password_change, name="account_change_password"),
    path("account/password/set/", fresh_sign_in(account.password_set), name="account_set_password"),
    path("account/password/reset/", account.password_reset, name="account_reset_password"),
    path("account/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
    path("", include("networks.urls")),
    path("", include("cases.urls")),
    path("", include("meetings.urls")),
    path("", include("metrics.urls")),
    path("", include("yhteiso.audit.urls")),
    path("", include("yhteiso.outbox.urls")),
    path("", include("yhteiso.jobs.urls")),
]

if settings.DEBUG or settings.DEMO:
    from yhteiso.gallery import gallery

    urlpatterns.append(path("komponentit/", gallery, name="gallery"))

handler400 = "yhteiso.views.bad_request"
handler403 = "yhteiso.views.forbidden"
handler404 = "yhteiso.views.not_found"
handler500 = "yhteiso.views.broken"

"""Addresses of coming in."""

from django.urls import path

from networks import views, views_account

urlpatterns = [
    path("role/", views.role, name="role"),
    path("demo/", views.demo_signin, name="demo-signin"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("invitation/<str:token>/<slug:key>/", views_account.organisation_invitation, name="invitation-organisation"),
    path("account/sessions/", views_account.session_list, name="account_sessions"),
    path("account/sessions/others/", views_account.session_end_others, name="account_sessions_end_others"),
    path("account/sessions/<int:pk>/", views_account.session_end, name="account_session_end"),
    path("account/shared/", views_account.shared_device, name="account_shared"),
    path("account/lock/", views_account.lock, name="account_lock"),
    path("account/confirmation/", views_account.confirm, name="account_confirm"),
    path("account/organisation/<slug:key>/", views_account.organisation_start, name="account_organisation"),
    path("account/organisation/<slug:key>/back/", views_account.organisation_back, name="account_organisation_back"),
]

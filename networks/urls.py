"""Addresses of coming in, of powers and accounts, and of notices."""

from django.urls import path

from networks import absence_views, account_views, area_views, message_views, notice_views, power_views, views, views_account

urlpatterns = [
    path("role/", views.role, name="role"),
    path("demo/", views.demo_signin, name="demo-signin"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("notices/", notice_views.notices, name="notices"),
    path("messages/settings/", message_views.message_settings, name="message-settings"),
    path("absences/", absence_views.absences, name="absences"),
    path("absences/<int:pk>/answer/", absence_views.absence_answer, name="absence-answer"),
    path("absences/<int:pk>/substitute/", absence_views.absence_substitute, name="absence-substitute"),
    path("absences/<int:pk>/end/", absence_views.absence_end, name="absence-end"),
    path("areas/<int:pk>/texts/", area_views.area_texts, name="area-texts"),
    path("powers/", power_views.power_list, name="power-list"),
    path("powers/<ref:ref>/", power_views.power, name="power"),
    path("powers/<ref:ref>/acceptance/", power_views.acceptance, name="power-acceptance"),
    path("powers/<ref:ref>/refusal/", power_views.refusal, name="power-refusal"),
    path("powers/<ref:ref>/withdrawal/", power_views.withdrawal, name="power-withdrawal"),
    path("staff/<int:pk>/", account_views.account, name="staff-account"),
    path("staff/<int:pk>/role/", account_views.role_proposal, name="staff-role"),
    path("staff/<int:pk>/role/<int:row>/end/", account_views.role_end, name="staff-role-end"),
    path("staff/<int:pk>/email/", account_views.email_proposal, name="staff-email"),
    path("staff/<int:pk>/second-factor/", account_views.second_factor_proposal, name="staff-second-factor"),
    path("staff/<int:pk>/suspension/", account_views.suspension, name="staff-suspension"),
    path("staff/<int:pk>/resumption/", account_views.resumption_proposal, name="staff-resumption"),
    path("staff/<int:pk>/absence/", absence_views.staff_absence, name="staff-absence"),
    path("staff/<int:pk>/closure/", account_views.closure, name="staff-closure"),
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

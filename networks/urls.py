"""Addresses of coming in, of powers and accounts, and of notices."""

from django.urls import path

from networks import account_views, notice_views, power_views, views

urlpatterns = [
    path("role/", views.role, name="role"),
    path("demo/", views.demo_signin, name="demo-signin"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("notices/", notice_views.notices, name="notices"),
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
    path("staff/<int:pk>/closure/", account_views.closure, name="staff-closure"),
]

"""Addresses of coming in."""

from django.urls import path

from networks import views

urlpatterns = [
    path("role/", views.role, name="role"),
    path("demo/", views.demo_signin, name="demo-signin"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
]

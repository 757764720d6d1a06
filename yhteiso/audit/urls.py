"""The address of the access log."""

from django.urls import path

from yhteiso.audit import views

urlpatterns = [
    path("log/", views.log, name="log"),
]

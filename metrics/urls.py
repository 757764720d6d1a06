"""Addresses of the monthly overview."""

from django.urls import path

from metrics import views

urlpatterns = [
    path("month/", views.latest, name="month-latest"),
    path("month/<int:year>-<int:month>/", views.month, name="month"),
]

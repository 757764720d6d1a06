"""The two addresses of messages: the number behind a family's link, and the gateway's call."""

from django.urls import path

from yhteiso.outbox import views

urlpatterns = [
    path("number/<str:token>/", views.number, name="number"),
    path("delivery-reports/", views.delivery_report, name="delivery-report"),
]

"""Addresses of health and of tasks that were given up."""

from django.urls import path

from yhteiso.jobs import views

urlpatterns = [
    path("health/", views.health, name="health"),
    path("health/live/", views.live, name="health-live"),
    path("health/silences/<int:pk>/cause/", views.cause, name="silence-cause"),
    path("dead-letters/", views.dead_letters, name="dead-letters"),
    path("dead-letters/<uuid:pk>/handling/", views.handling, name="dead-letter-handling"),
    path("dead-letters/<uuid:pk>/rerun/", views.rerun, name="dead-letter-rerun"),
]

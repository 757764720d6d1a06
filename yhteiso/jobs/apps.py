from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "yhteiso.jobs"
    label = "jobs"

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "yhteiso.jobs"
    label = "jobs"

    def ready(self) -> None:
        autodiscover_modules("tasks")  # the web server too must know which jobs there are

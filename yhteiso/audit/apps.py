from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "yhteiso.audit"
    label = "audit"

"""Addresses of the data protection officer's pages."""

from django.urls import path

from networks.step_up import fresh_sign_in
from yhteiso.audit.views import log, oddities, report, start

urlpatterns = [
    path("oversight/", start.start, name="oversight"),
    path("log/", log.log, name="log"),
    path("log/report/", report.report, name="log-report"),
    path("log/report/print/", fresh_sign_in(report.report_print), name="log-report-print"),
    path("disclosures/", log.disclosures, name="disclosures"),
    path("oddities/", oddities.oddities, name="oddities"),
]

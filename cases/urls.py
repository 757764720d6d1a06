"""Addresses of a way's beginning and end. Nothing of a family but a random reference stands in them."""

from django.urls import path

from cases.views import call, concern, exceptional, identity, oversight, start, tasks

IDENTITY = "cases/<ref:ref>/persons/<int:pk>/identity/"

urlpatterns = [
    path("concerns/new/", concern.new, name="concern-new"),
    path("concerns/<ref:ref>/", concern.receipt, name="concern"),
    path("calls/", call.start, name="call-start"),
    path("calls/<ref:ref>/", call.page, name="call"),
    path("calls/<ref:ref>/draft/", call.draft, name="call-draft"),
    path("calls/<ref:ref>/discard/", call.discard, name="call-discard"),
    path("cases/<ref:ref>/readers/", oversight.readers, name="case-readers"),
    path("exceptional/", exceptional.review_list, name="exceptional-list"),
    path("exceptional/new/", exceptional.new, name="exceptional-new"),
    path("exceptional/<uuid:pk>/", exceptional.opened, name="exceptional"),
    path("exceptional/<uuid:pk>/review/", exceptional.review, name="exceptional-review"),
    path("tasks/", tasks.task_list, name="task-list"),
    path("tasks/<uuid:pk>/done/", tasks.task_done, name="task-done"),
    path("cases/<ref:ref>/start/", start.correct, name="case-start"),
    path("cases/<ref:ref>/start/<int:pk>/acceptance/", start.accept, name="case-start-accept"),
    path("cases/<ref:ref>/start/<int:pk>/refusal/", start.decline, name="case-start-decline"),
    path(IDENTITY, identity.identity, name="person-identity"),
    path(f"{IDENTITY}reading/", identity.identity_reading, name="person-identity-reading"),
    path(f"{IDENTITY}removal/", identity.identity_removal, name="person-identity-removal"),
]

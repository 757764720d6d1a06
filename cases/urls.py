"""Addresses of a way's beginning and end. Nothing of a family but a random reference stands in them."""

from django.urls import path

from cases.views import (
    call,
    concern,
    consent_sides,
    consents,
    exceptional,
    identity,
    inbox,
    known,
    ladder,
    oversight,
    pauses,
    safe_contact,
    start,
    tasks,
    who_sees,
)

IDENTITY = "cases/<ref:ref>/persons/<int:pk>/identity/"
CONTACTS = "cases/<ref:ref>/persons/<int:pk>/contacts/"

urlpatterns = [
    path("concerns/new/", concern.new, name="concern-new"),
    path("concerns/<ref:ref>/", concern.receipt, name="concern"),
    path("calls/", call.start, name="call-start"),
    path("calls/<ref:ref>/", call.page, name="call"),
    path("calls/<ref:ref>/draft/", call.draft, name="call-draft"),
    path("calls/<ref:ref>/known/", known.known, name="call-known"),
    path("calls/<ref:ref>/discard/", call.discard, name="call-discard"),
    path("cases/<ref:ref>/readers/", oversight.readers, name="case-readers"),
    path("exceptional/", exceptional.review_list, name="exceptional-list"),
    path("exceptional/new/", exceptional.new, name="exceptional-new"),
    path("exceptional/<uuid:pk>/", exceptional.opened, name="exceptional"),
    path("exceptional/<uuid:pk>/review/", exceptional.review, name="exceptional-review"),
    path("messages/", inbox.inbox, name="messages"),
    path("messages/seen/", inbox.seen, name="messages-seen"),
    path("messages/<uuid:pk>/taking/", inbox.taking, name="message-taking"),
    path("tasks/", tasks.task_list, name="task-list"),
    path("tasks/<uuid:pk>/done/", tasks.task_done, name="task-done"),
    path("cases/<ref:ref>/start/", start.correct, name="case-start"),
    path("cases/<ref:ref>/start/<int:pk>/acceptance/", start.accept, name="case-start-accept"),
    path("cases/<ref:ref>/start/<int:pk>/refusal/", start.decline, name="case-start-decline"),
    path("cases/<ref:ref>/pauses/", pauses.pauses, name="case-pauses"),
    path("cases/<ref:ref>/pauses/<int:pk>/end/", pauses.pause_end, name="case-pause-end"),
    path("areas/<int:pk>/ladder/", ladder.area_ladder, name="area-ladder"),
    path(IDENTITY, identity.identity, name="person-identity"),
    path(f"{IDENTITY}reading/", identity.identity_reading, name="person-identity-reading"),
    path(f"{IDENTITY}removal/", identity.identity_removal, name="person-identity-removal"),
    path(CONTACTS, safe_contact.contacts, name="person-contacts"),
    path(f"{CONTACTS}<int:contact>/end/", safe_contact.contact_end, name="person-contact-end"),
    path("cases/<ref:ref>/consents/", consents.consents, name="case-consents"),
    path("cases/<ref:ref>/consents/exceptions/", consent_sides.exception, name="consent-exception"),
    path("cases/<ref:ref>/consents/exceptions/<int:pk>/end/", consent_sides.exception_end, name="consent-exception-end"),
    path("cases/<ref:ref>/consents/capacity/", consent_sides.capacity, name="consent-capacity"),
    path("cases/<ref:ref>/consents/hidings/", consent_sides.hiding, name="consent-hiding"),
    path("cases/<ref:ref>/consents/hidings/<int:pk>/end/", consent_sides.hiding_end, name="consent-hiding-end"),
    path("cases/<ref:ref>/consents/<int:giver>/", consents.answers, name="consent-answers"),
    path("cases/<ref:ref>/consents/<int:giver>/paper/", consents.paper, name="consent-paper"),
    path(
        "cases/<ref:ref>/consents/<int:giver>/<int:member>/confirmation/", consents.confirmation, name="consent-confirmation"
    ),
    path("cases/<ref:ref>/consents/<int:giver>/<int:member>/withdrawal/", consents.withdrawal, name="consent-withdrawal"),
    path("who-sees-what/", who_sees.who_sees_what, name="who-sees-what"),
]

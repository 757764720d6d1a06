"""Addresses of the front page, meetings, the logbook and commitments. A verb is a resource."""

from django.urls import include, path

from meetings.views import (
    approval,
    commitments,
    guest,
    home,
    logbook,
    meeting,
    paper,
    planning,
    protection,
    unit_invitation,
    week,
)

MEETING = "cases/<ref:ref>/meetings/<ref:meeting>/"
LOGBOOK = f"{MEETING}logbook/"

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("meetings.urls_cases")),
    path("messages/week/", week.week, name="messages-week"),
    path("meetings/", meeting.meeting_list, name="meeting-list"),
    path("cases/<ref:ref>/meetings/new/", planning.meeting_new, name="meeting-new"),
    path(MEETING, meeting.meeting, name="meeting"),
    path(f"{MEETING}answers/<int:pk>/", meeting.meeting_answer, name="meeting-answer"),
    path(f"{MEETING}confirmation/", meeting.meeting_confirmation, name="meeting-confirmation"),
    path(f"{MEETING}place/<int:pk>/", protection.meeting_place_told, name="meeting-place-told"),
    path(f"{MEETING}move/", planning.meeting_move, name="meeting-move"),
    path(f"{MEETING}held/", meeting.meeting_held, name="meeting-held"),
    path(LOGBOOK, logbook.logbook, name="logbook"),
    path(f"{LOGBOOK}opening/", logbook.logbook_opening, name="logbook-opening"),
    path(f"{LOGBOOK}themes/<int:theme>/", logbook.logbook_entry, name="logbook-entry"),
    path(f"{LOGBOOK}frame/", logbook.logbook_frame, name="logbook-frame"),
    path(f"{LOGBOOK}rows/", logbook.logbook_row, name="logbook-row"),
    path(f"{LOGBOOK}rows/<ref:row>/removal/", logbook.logbook_row_removal, name="logbook-row-removal"),
    path(f"{LOGBOOK}approval/", approval.logbook_approval, name="logbook-approval"),
    path(f"{MEETING}logbook.pdf", paper.logbook_pdf, name="logbook-pdf"),
    path("commitments/", commitments.commitment_list, name="commitment-list"),
    path(
        "cases/<ref:ref>/commitments/<ref:commitment>/outcome/",
        commitments.commitment_outcome,
        name="commitment-outcome",
    ),
    path("unit-invitations/<ref:ref>/", unit_invitation.unit_invitation, name="unit-invitation"),
    path(
        "unit-invitations/<ref:ref>/acceptance/",
        unit_invitation.unit_invitation_acceptance,
        name="unit-invitation-acceptance",
    ),
    path("unit-invitations/<ref:ref>/refusal/", unit_invitation.unit_invitation_refusal, name="unit-invitation-refusal"),
    path(
        "unit-invitations/<ref:ref>/substitute/",
        unit_invitation.unit_invitation_substitute,
        name="unit-invitation-substitute",
    ),
    path("i/<str:token>/", guest.guest_link, name="guest-link"),
    path("i/<str:token>/renewal/", guest.guest_link_renewal, name="guest-link-renewal"),
    path("unit/commitments/", commitments.unit_commitments, name="unit-commitments"),
]

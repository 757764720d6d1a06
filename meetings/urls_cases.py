"""Addresses of the pages of a case that show meetings and promises."""

from django.urls import path

from meetings.views import board, case_list, closure, network, situation

urlpatterns = [
    path("board/", board.board, name="board"),
    path("cases/", case_list.case_list, name="case-list"),
    path("cases/<ref:ref>/", situation.situation, name="case"),
    path("cases/<ref:ref>/escalations/seen/", situation.escalation_seen, name="escalation-seen"),
    path("cases/<ref:ref>/closure/", closure.closure, name="case-closure"),
    path("cases/<ref:ref>/network/", network.network, name="case-network"),
    path("cases/<ref:ref>/network/person/", network.network_person, name="case-network-person"),
    path("cases/<ref:ref>/network/<int:pk>/consent/", network.person_consent, name="person-consent"),
    path("cases/<ref:ref>/network/<int:pk>/seat/", network.network_seat, name="network-seat"),
    path("cases/<ref:ref>/network/<int:pk>/end/", network.network_end, name="network-end"),
]

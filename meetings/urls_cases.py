"""Addresses of the pages of a case that show meetings and promises."""

from django.urls import path

from meetings.views import (
    board,
    case_list,
    closure,
    guest_links,
    inviting,
    joining,
    members,
    network,
    protection,
    siblings,
    situation,
    standing,
)

urlpatterns = [
    path("board/", board.board, name="board"),
    path("cases/", case_list.case_list, name="case-list"),
    path("cases/<ref:ref>/", situation.situation, name="case"),
    path("cases/<ref:ref>/escalations/seen/", situation.escalation_seen, name="escalation-seen"),
    path("cases/<ref:ref>/recusal/", standing.recusal, name="case-recusal"),
    path("cases/<ref:ref>/handover/", standing.hand_over, name="case-hand-over"),
    path("handovers/<ref:ref>/", standing.offer, name="hand-over"),
    path("handovers/<ref:ref>/acceptance/", standing.offer_acceptance, name="hand-over-acceptance"),
    path("handovers/<ref:ref>/refusal/", standing.offer_refusal, name="hand-over-refusal"),
    path("cases/<ref:ref>/joining/", joining.case_joining, name="case-joining"),
    path("joins/<ref:ref>/acceptance/", joining.join_acceptance, name="join-acceptance"),
    path("joins/<ref:ref>/end/", joining.join_end, name="join-end"),
    path("cases/<ref:ref>/closure/", closure.closure, name="case-closure"),
    path("cases/<ref:ref>/siblings/", siblings.siblings, name="case-siblings"),
    path("cases/<ref:ref>/family-end/", closure.family_end, name="case-family-end"),
    path("cases/<ref:ref>/reopening/", closure.reopening, name="case-reopening"),
    path("cases/<ref:ref>/network/history/", members.members, name="case-members"),
    path("cases/<ref:ref>/network/<int:pk>/return/", members.member_return, name="network-return"),
    path("cases/<ref:ref>/network/<int:pk>/keeping/", members.member_keeping, name="network-keeping"),
    path("cases/<ref:ref>/protection/", protection.case_protection, name="case-protection"),
    path("cases/<ref:ref>/protection/end/", protection.case_protection_end, name="case-protection-end"),
    path("cases/<ref:ref>/protection/names/<int:pk>/", protection.case_named, name="case-named"),
    path("cases/<ref:ref>/protection/guardians/", protection.case_apart, name="case-apart"),
    path("cases/<ref:ref>/guests/", guest_links.guests, name="case-guests"),
    path("cases/<ref:ref>/guests/<int:pk>/", guest_links.guest, name="case-guest"),
    path("cases/<ref:ref>/guests/<int:pk>/sight/", guest_links.guest_sight, name="case-guest-sight"),
    path("cases/<ref:ref>/guests/<int:pk>/renewal/", guest_links.guest_renewal, name="case-guest-renewal"),
    path("cases/<ref:ref>/guests/<int:pk>/revocation/", guest_links.guest_revocation, name="case-guest-revocation"),
    path("cases/<ref:ref>/network/", network.network, name="case-network"),
    path("cases/<ref:ref>/network/person/", network.network_person, name="case-network-person"),
    path("cases/<ref:ref>/network/needs/", network.case_needs, name="case-needs"),
    path("cases/<ref:ref>/network/units/new/", inviting.unit_invite, name="unit-invite"),
    path(
        "cases/<ref:ref>/network/units/<ref:invitation>/sending/", inviting.unit_invite_sending, name="unit-invite-sending"
    ),
    path(
        "cases/<ref:ref>/network/units/<ref:invitation>/cancelling/",
        inviting.unit_invite_cancelling,
        name="unit-invite-cancelling",
    ),
    path(
        "cases/<ref:ref>/network/units/<ref:invitation>/substitute/",
        inviting.unit_invite_substitute,
        name="unit-invite-substitute",
    ),
    path("cases/<ref:ref>/network/<int:pk>/consent/", network.person_consent, name="person-consent"),
    path("cases/<ref:ref>/network/<int:pk>/seat/", network.network_seat, name="network-seat"),
    path("cases/<ref:ref>/network/<int:pk>/end/", network.network_end, name="network-end"),
]

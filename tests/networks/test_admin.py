"""Django's administration: reference data in the `admin` hat, which can read no table of a family."""

import pytest
from django.contrib import admin
from django.urls import reverse

from networks.models import AccountInvitation, Area, RoleMembership, Unit, User
from tests.personas import World
from yhteiso.lib.names import sort_key

MODELS = sorted(model._meta.model_name for model in admin.site._registry)


def test_only_reference_data_is_registered() -> None:
    assert {model._meta.app_label for model in admin.site._registry} == {"networks"}


@pytest.mark.parametrize("persona", ["coordinator", "professional", "leader", "officer", "unit_head"])
def test_nobody_else_gets_in(world: World, persona: str) -> None:
    response = world.client(getattr(world, persona)).get(reverse("admin:index"))
    assert response.status_code == 302
    assert "/admin/login/" in response.url


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_form_opens_and_shows_no_family(world: World, model: str) -> None:
    world.case()
    client = world.client(world.administrator)
    row = {"unit": world.day_care, "area": world.area, "user": world.member}.get(model)
    pages = [reverse(f"admin:networks_{model}_changelist")]
    if model != "user":
        pages.append(reverse(f"admin:networks_{model}_add"))
    if row:
        pages.append(reverse(f"admin:networks_{model}_change", args=[row.pk]))
    for page in pages:
        response = client.get(page)
        assert response.status_code == 200, page
        assert "Aatu" not in response.content.decode()
        assert "argon2" not in response.content.decode()


def test_the_front_page_opens_and_nothing_is_deleted_or_looked_back_at(world: World) -> None:
    client = world.client(world.administrator)
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.get(reverse("admin:app_list", args=["networks"])).status_code == 200
    assert client.post(reverse("admin:networks_unit_delete", args=[world.day_care.pk]), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:networks_unit_history", args=[world.day_care.pk])).status_code == 404
    assert client.post(
        reverse("admin:networks_unit_changelist"), {"action": "delete_selected", "_selected_action": world.day_care.pk}
    ).status_code in (200, 302)
    assert Unit.objects.filter(pk=world.day_care.pk).exists()


def test_a_person_s_details_are_kept_and_power_is_not_given_here(world: World) -> None:
    """What is posted beside the details (a role, an address, a state) is not looked at."""
    client = world.client(world.administrator)
    data = {
        "name": "Sari Uusinimi", "title": "perheohjaaja", "unit": world.guidance.pk, "phone": "", "language": "fi",
        "lp_trained_on": "", "email": "uusi@esimerkki.invalid", "roles-TOTAL_FORMS": "1", "roles-INITIAL_FORMS": "0",
        "roles-MIN_NUM_FORMS": "0", "roles-MAX_NUM_FORMS": "1000", "roles-0-role": "coordinator",
        "roles-0-area": world.area.pk, "roles-0-starts_on": "1.1.2026", "roles-0-user": world.member.pk,
    }  # fmt: skip
    response = client.post(reverse("admin:networks_user_change", args=[world.member.pk]), data)
    assert response.status_code == 302, response.content.decode()[:3000]
    user = User.objects.get(pk=world.member.pk)
    assert user.name == "Sari Uusinimi"
    assert user.sort_key == sort_key("Sari Uusinimi")
    assert user.is_active
    assert user.email == world.member.email
    assert not RoleMembership.objects.filter(user=user, role="coordinator").exists()
    page = client.get(reverse("admin:networks_user_change", args=[world.member.pk])).content.decode()
    assert reverse("staff-role", args=[world.member.pk]) in page
    assert 'name="roles-0-role"' not in page


def test_an_invitation_shows_its_link_once(world: World) -> None:
    client = world.client(world.administrator)
    data = {"email": "Uusi@esimerkki.invalid", "name": "Uusi Ihminen", "title": "", "unit": world.day_care.pk,
            "role": "professional", "area": ""}  # fmt: skip
    response = client.post(reverse("admin:networks_accountinvitation_add"), data, follow=True)
    row = AccountInvitation.objects.get()
    assert row.email == "uusi@esimerkki.invalid"
    assert row.invited_by == world.administrator
    page = response.content.decode()
    assert "/invitation/" in page
    token = page.split("/invitation/")[1].split("/")[0]
    assert AccountInvitation.hash_of(token) == row.token_hash
    assert token not in client.get(reverse("admin:networks_accountinvitation_changelist")).content.decode()


def test_a_new_unit_is_made(world: World) -> None:
    client = world.client(world.administrator)
    data = {"agency": world.day_care.agency_id, "area": world.area.pk, "name": "Päiväkoti Uusi", "head": world.member.pk}
    assert client.post(reverse("admin:networks_unit_add"), data).status_code == 302
    assert Unit.objects.get(name="Päiväkoti Uusi").head == world.member
    assert Area.objects.count() == 2

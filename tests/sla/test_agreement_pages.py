"""Agreements in the browser: what each person reads, and what can be done with a draft, a proposal and a signed version."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User
from scoring.models import ScoringModel
from sla.agreements.targets import Target
from sla.models import AgreementVersion, Territory
from sla.services.agreements import create_agreement, draft_from, sign
from tests.sla.bargain import proposal, sides, sign_both, standard, targets_of
from tests.sla.desk import MORNING, hand_over, open_desk
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


def as_user(user: User) -> Client:
    """A browser in which this person is logged in."""
    client = Client()
    client.force_login(user)
    return client


def page_of(version: AgreementVersion) -> str:
    return f"/agreements/{version.agreement_id}/"


def fields_of(client: Client, version: AgreementVersion, **changes: Any) -> dict[str, Any]:
    """What the editor would post, with some fields changed."""
    form = client.get(f"{page_of(version)}edit/").context["form"]
    found: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if value is True:
            found[field.html_name] = "on"
        elif value not in (None, False):
            found[field.html_name] = value
    return found | changes


def test_the_list_shows_what_is_in_force_and_whose_signature_is_asked() -> None:
    open_desk()
    marketing, sales = sides()
    version = proposal(marketing, MORNING)
    for person in (marketing, sales):
        assertContains(as_user(person).get("/agreements/"), "Your signature is asked")
    assertNotContains(as_user(make_user("administrator")).get("/agreements/"), "Your signature is asked")
    sign(version=version, digest=version.digest, by=marketing, now=timezone.now())
    assertNotContains(as_user(marketing).get("/agreements/"), "Your signature is asked")


def test_a_rep_reads_the_signed_agreement_of_the_team_and_nothing_that_is_negotiated() -> None:
    _team, (rep, _other) = open_desk()
    stranger = make_user("rep")
    marketing, _sales = sides()
    version = proposal(marketing, MORNING)
    page = as_user(rep).get(page_of(version))
    assertContains(page, "Default of the installation")
    assertNotContains(page, "10 min")
    assert as_user(rep).get(version.get_absolute_url()).status_code == 404
    assert as_user(stranger).get(page_of(version)).status_code == 404
    assertContains(as_user(stranger).get("/agreements/"), "No agreement for your team yet")


def test_a_rep_still_reads_what_the_handoffs_of_the_team_are_judged_by() -> None:
    team, (rep, _other) = open_desk()
    (handoff,) = hand_over(MORNING)
    other = create_agreement(name="Other", copy_of=standard(), by=make_user("marketing"), now=MORNING)
    Territory.objects.filter(team=team).update(agreement=other.agreement)
    assert as_user(rep).get(handoff.agreement_version.get_absolute_url()).status_code == 200


def test_the_number_of_queries_does_not_follow_the_number_of_versions(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    open_desk()
    marketing, sales = sides()
    for _ in range(4):
        draft = draft_from(version=AgreementVersion.objects.latest("number"), by=marketing, now=MORNING)
        sign_both(draft_and_propose(draft, marketing), marketing, sales, MORNING)
    client = as_user(marketing)
    for address, most in (
        ("", 20),
        ("versions/3/", 20),
        ("compare/?from=1&to=4", 12),
        ("versions/3/print/", 12),
    ):
        with django_assert_max_num_queries(most):
            assert client.get(f"{page_of(standard())}{address}").status_code == 200
    with django_assert_max_num_queries(12):
        client.get("/agreements/")


def draft_and_propose(draft: AgreementVersion, by: User) -> AgreementVersion:
    from sla.services.agreements import propose

    return propose(version=draft, by=by, now=MORNING)


def test_the_page_warns_where_the_scoring_model_does_not_do_what_was_agreed() -> None:
    marketing, _sales = sides()
    client, address = as_user(marketing), page_of(standard())
    ScoringModel.objects.active().update(ready_threshold=65, mql_threshold=30)
    assertNotContains(client.get(address), "the active scoring model")
    ScoringModel.objects.active().update(ready_threshold=70)
    assertContains(client.get(address), "sales-ready lead is 65; the active scoring model")


class TestTheEditor:
    def test_shows_what_changes_while_it_is_written_and_saves_nothing(self) -> None:
        marketing, _sales = sides()
        draft = draft_from(version=standard(), by=marketing, now=MORNING)
        client = as_user(marketing)
        fields = fields_of(client, draft, **{"accept-hand_raiser": "10 min", "volume_per_rep": "20"})
        shown = client.post(f"{page_of(draft)}preview/", fields).content.decode()
        assert "Accept or reject, hand-raiser" in shown
        assert shown.index("<del>15 min</del>") < shown.index("<ins>10 min</ins>")
        assert "Workable leads for each rep" in shown
        assert "Routing" not in shown
        assert targets_of(draft) == targets_of(standard())

    def test_saves_targets_reasons_and_fields_as_they_were_written(self) -> None:
        marketing, _sales = sides()
        draft = draft_from(version=standard(), by=marketing, now=MORNING)
        client = as_user(marketing)
        fields = fields_of(client, draft, **{"accept-hand_raiser": "10 min", "attempts-tier_2": ""})
        fields["in_force_on"] = "2030-01-02"
        del fields["completeness-tier_2"]
        answer = client.post(f"{page_of(draft)}edit/", fields | {"do": "read"})
        assert answer.status_code == 302, answer.context["form"].errors
        draft.refresh_from_db()
        expected = targets_of(standard()) | {("accept", "hand_raiser"): Target(seconds=600)}
        del expected["attempts", "tier_2"], expected["completeness", "tier_2"]
        assert targets_of(draft) == expected
        assert not draft.reasons.exists()
        assert str(draft.in_force_from) == "2030-01-02 00:00:00+00:00"

    def test_says_what_cannot_be_read_and_keeps_what_was_written(self) -> None:
        marketing, _sales = sides()
        draft = draft_from(version=standard(), by=marketing, now=MORNING)
        client = as_user(marketing)
        fields = fields_of(client, draft, **{"accept-scored": "soon", "recycle_limit": "7"})
        answer = client.post(f"{page_of(draft)}edit/", fields)
        assertContains(answer, "Write a time with its unit", status_code=422)
        assertContains(answer, 'value="soon"', status_code=422)
        assertContains(client.post(f"{page_of(draft)}preview/", fields), "Something cannot be read yet")

    def test_does_not_write_over_what_somebody_else_saved(self) -> None:
        marketing, sales = sides()
        draft = draft_from(version=standard(), by=marketing, now=MORNING)
        first, second = as_user(marketing), as_user(sales)
        mine, theirs = fields_of(first, draft, recycle_limit="5"), fields_of(second, draft, recycle_limit="1")
        assert second.post(f"{page_of(draft)}edit/", theirs).status_code == 302
        answer = first.post(f"{page_of(draft)}edit/", mine)
        assertContains(answer, "Somebody else changed this draft meanwhile", status_code=422)
        draft.refresh_from_db()
        assert draft.recycle_limit == 1


class TestSigning:
    def test_a_signature_needs_the_tick_and_the_text_that_was_read(self) -> None:
        marketing, _sales = sides()
        version = proposal(marketing, MORNING)
        client, address = as_user(marketing), f"{page_of(version)}sign/"
        assertContains(client.get(address), version.digest)
        assert client.post(address, {"digest": version.digest}).status_code == 422
        wrong = client.post(address, {"digest": "0" * 64, "agree": "on"})
        assertContains(wrong, "not the one you read any more", status_code=422)
        assert not version.signatures.exists()
        assert client.post(address, {"digest": version.digest, "agree": "on"}).status_code == 302
        assert version.signatures.get().by == marketing

    def test_what_is_signed_is_on_page_paper_and_pdf(self) -> None:
        marketing, sales = sides()
        version = sign_both(proposal(marketing, MORNING), marketing, sales, MORNING)
        client = as_user(sales)
        for address in (version.get_absolute_url(), f"{version.get_absolute_url()}print/"):
            page = client.get(address)
            for text in (marketing.name, sales.name, version.digest, "10 min"):
                assertContains(page, text)
        file = client.get(f"{version.get_absolute_url()}agreement.pdf")
        assert file["Content-Type"] == "application/pdf"
        assert file.content.startswith(b"%PDF-")

    def test_a_draft_that_lacks_something_says_what_and_offers_no_proposal(self) -> None:
        marketing, _sales = sides()
        draft = draft_from(version=standard(), by=marketing, now=MORNING)
        draft.promises.filter(kind="accept", tier="tier_2").delete()
        client = as_user(marketing)
        assertContains(client.get(draft.get_absolute_url()), "Before this draft can be proposed")
        assertNotContains(client.get(draft.get_absolute_url()), "/propose/")
        client.post(f"{page_of(draft)}propose/")
        draft.refresh_from_db()
        assert draft.is_draft


def test_two_versions_stand_side_by_side_with_differences_marked_in_words_of_html() -> None:
    marketing, sales = sides()
    version = sign_both(proposal(marketing, MORNING), marketing, sales, MORNING)
    page = as_user(sales).get(f"{page_of(version)}compare/?from=1&to=2")
    assertContains(page, "<del>15 min</del>")
    assertContains(page, "<ins>10 min</ins>")
    assertNotContains(page, "First touch")
    assertContains(as_user(sales).get(f"{page_of(version)}compare/?from=1&to=2&all=1"), "First touch")
    assert as_user(sales).get(f"{page_of(version)}compare/?from=1&to=99").status_code == 404


def test_a_new_agreement_begins_as_a_draft_with_the_text_of_another() -> None:
    marketing, _sales = sides()
    client = as_user(marketing)
    answer = client.post("/agreements/new/", {"name": "Nordics", "copy_of": standard().pk})
    draft = AgreementVersion.objects.get(agreement__name="Nordics")
    assert answer["Location"] == f"/agreements/{draft.agreement_id}/edit/"
    again = client.post("/agreements/new/", {"name": "nordics", "copy_of": standard().pk})
    assertContains(again, "has this name already", status_code=422)

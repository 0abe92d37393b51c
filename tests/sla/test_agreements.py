"""Versions of agreements: drafted, proposed, signed by two people, in force, and never changed again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from pytest_django.asserts import assertContains

from accounts.models import Role
from accounts.policies import Refusal
from leads.models import JournalEntry
from notifications.models import Notification
from sla.agreements.document import digest_of
from sla.agreements.reading import document_of
from sla.agreements.targets import Target
from sla.models import Agreement, AgreementVersion, Promise, PromiseKind, Reason, Signature, Territory
from sla.services.agreements import (
    MovedOn,
    NotProposable,
    create_agreement,
    discard_draft,
    draft_from,
    edit_draft,
    propose,
    sign,
    take_back,
)
from sla.services.answering import NotPossible, reject
from tests.sla.bargain import proposal, rewrite, sides, sign_both, standard, targets_of
from tests.sla.desk import HOUR, MINUTE, MORNING, at_once, clock_of, hand_over, open_desk, owner_of
from tests.support.people import make_team, make_user

pytestmark = pytest.mark.django_db
TEN_MINUTES = {("accept", "hand_raiser"): Target(seconds=600)}


def test_an_installation_starts_with_a_signed_version_so_that_nothing_waits_for_paperwork() -> None:
    version = AgreementVersion.objects.in_force(MORNING).get()
    assert digest_of(document_of(version)) == version.digest
    names = {(row.side, row.name, row.by, row.digest) for row in version.signatures.all()}
    who = "Default of the installation"
    assert names == {("marketing", who, None, version.digest), ("sales", who, None, version.digest)}


def test_a_version_is_in_force_once_two_people_of_both_sides_have_signed() -> None:
    marketing, sales = sides()
    version = proposal(marketing, MORNING)
    sign(version=version, digest=version.digest, by=marketing, now=MORNING + MINUTE)
    assert AgreementVersion.objects.in_force(MORNING + HOUR).get().number == 1
    sign(version=version, digest=version.digest, by=sales, now=MORNING + 2 * MINUTE)
    version.refresh_from_db()
    assert version.is_signed
    assert version.in_force_from == MORNING + 2 * MINUTE
    assert AgreementVersion.objects.in_force(MORNING + 2 * MINUTE).get() == version
    events = JournalEntry.objects.filter(subject_kind="agreement_version", subject_id=version.pk)
    assert list(events.order_by("pk").values_list("event", flat=True)) == [
        *("agreement.drafted", "agreement.edited", "agreement.proposed"),
        *("agreement.signed", "agreement.signed", "agreement.in_force"),
    ]


def test_a_new_version_touches_new_handoffs_only() -> None:
    open_desk(reps=1)
    marketing, sales = sides()
    (old,) = hand_over(MORNING)
    sign_both(proposal(marketing, MORNING), marketing, sales, MORNING + MINUTE)
    (new,) = hand_over(MORNING + 2 * MINUTE)
    assert clock_of(old).due_at == MORNING + 15 * MINUTE
    assert clock_of(new).due_at == MORNING + 12 * MINUTE


@pytest.mark.parametrize(("asked", "begins"), [(-HOUR, MINUTE), (HOUR, HOUR)])
def test_a_version_is_never_in_force_before_it_is_signed(asked: timedelta, begins: timedelta) -> None:
    marketing, sales = sides()
    version = proposal(marketing, MORNING, in_force_from=MORNING + asked)
    sign_both(version, marketing, sales, MORNING + MINUTE)
    assert version.in_force_from == MORNING + begins
    before = AgreementVersion.objects.in_force(MORNING + begins - MINUTE / 2).get()
    assert before.number == 1


def test_a_version_does_not_begin_before_the_one_it_follows() -> None:
    marketing, sales = sides()
    later = sign_both(proposal(marketing, MORNING, in_force_from=MORNING + HOUR), marketing, sales, MORNING)
    draft = draft_from(version=later, by=marketing, now=MORNING)
    newest = sign_both(propose(version=draft, by=marketing, now=MORNING), marketing, sales, MORNING)
    assert newest.in_force_from == MORNING + HOUR
    assert AgreementVersion.objects.in_force(MORNING + HOUR).get() == newest
    assert AgreementVersion.objects.in_force(MORNING).get().number == 1


def test_what_is_signed_is_what_was_shown() -> None:
    marketing, sales = sides()
    version = proposal(marketing, MORNING)
    with pytest.raises(MovedOn, match="not the one you read"):
        sign(version=version, digest="0" * 64, by=sales, now=MORNING)
    sign_both(version, marketing, sales, MORNING)
    assert {row.digest for row in version.signatures.all()} == {digest_of(document_of(version))}


def test_each_side_signs_once_and_is_told_who_did() -> None:
    marketing, _sales = sides()
    colleague = make_user("marketing")
    version = proposal(marketing, MORNING)
    sign(version=version, digest=version.digest, by=marketing, now=MORNING)
    with pytest.raises(MovedOn, match=marketing.name):
        sign(version=version, digest=version.digest, by=colleague, now=MORNING)


def test_one_person_never_signs_for_both_sides() -> None:
    marketing, _sales = sides()
    version = proposal(marketing, MORNING)
    sign(version=version, digest=version.digest, by=marketing, now=MORNING)
    marketing.role = Role.SALES_MANAGER
    marketing.save()
    with pytest.raises(Refusal, match="Two different people"):
        sign(version=version, digest=version.digest, by=marketing, now=MORNING)
    with pytest.raises(IntegrityError), transaction.atomic():
        Signature.objects.create(
            version=version, side="sales", by=marketing, name="Twice", at=MORNING, digest=version.digest
        )


def test_only_marketing_and_managers_under_the_agreement_sign() -> None:
    team, (rep, _other) = open_desk()
    marketing, _sales = sides()
    version = proposal(marketing, MORNING)
    others = [
        rep,
        make_user("auditor"),
        make_user("administrator"),
        make_user("sales_manager", team=make_team()),
    ]
    for person in others:
        with pytest.raises(Refusal):
            sign(version=version, digest=version.digest, by=person, now=MORNING)
    sign(version=version, digest=version.digest, by=make_user("sales_manager", team=team), now=MORNING)
    assert version.signatures.get().side == "sales"


def test_taking_a_proposal_back_voids_its_signatures() -> None:
    marketing, sales = sides()
    version = proposal(marketing, MORNING)
    sign(version=version, digest=version.digest, by=marketing, now=MORNING)
    take_back(version=version, by=sales, now=MORNING + MINUTE)
    version.refresh_from_db()
    assert version.is_draft
    assert not version.signatures.exists()
    entry = JournalEntry.objects.get(event="agreement.taken_back")
    assert entry.before["signatures"] == {"marketing": marketing.pk}
    with pytest.raises(MovedOn, match="taken back"):
        sign(version=version, digest=entry.before["digest"], by=sales, now=MORNING)


def test_a_draft_that_was_changed_meanwhile_is_not_written_over() -> None:
    marketing, sales = sides()
    draft = draft_from(version=standard(), by=marketing, now=MORNING)
    opened: dict[str, Any] = {"values": {}, "targets": targets_of(draft), "reasons": [], "now": MORNING}
    rewrite(draft, by=sales, now=MORNING, recycle_limit=1)
    with pytest.raises(MovedOn, match="Somebody else changed"):
        edit_draft(version=draft, by=marketing, expected="f" * 64, **opened)


def test_a_signed_version_is_followed_and_never_edited_taken_back_or_discarded() -> None:
    marketing, sales = sides()
    version = sign_both(proposal(marketing, MORNING), marketing, sales, MORNING)
    for deed in (propose, take_back, discard_draft):
        with pytest.raises(MovedOn, match="signed"):
            deed(version=version, by=marketing, now=MORNING)
    with pytest.raises(MovedOn, match="never changes"):
        rewrite(version, by=marketing, now=MORNING, recycle_limit=1)
    assert draft_from(version=version, by=sales, now=MORNING).based_on == version


def test_an_agreement_has_one_open_version_at_a_time() -> None:
    marketing, _sales = sides()
    draft = draft_from(version=standard(), by=marketing, now=MORNING)
    with pytest.raises(MovedOn, match="Version 2 is draft already"):
        draft_from(version=standard(), by=marketing, now=MORNING)
    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementVersion.objects.create(agreement=draft.agreement, number=3)
    discard_draft(version=draft, by=marketing, now=MORNING)
    assert draft_from(version=standard(), by=marketing, now=MORNING).number == 2


def test_a_draft_is_proposed_only_when_it_is_whole() -> None:
    marketing, _sales = sides()
    draft = draft_from(version=standard(), by=marketing, now=MORNING)
    lacking = {("first_touch", "tier_2"): None, ("disposition", "scored"): Target(days=5)}
    rewrite(draft, by=marketing, now=MORNING, targets=lacking, sql_definition=" ")
    draft.reasons.set([Reason.objects.get(slug="no_need")])
    with pytest.raises(NotProposable) as refused:
        propose(version=draft, by=marketing, now=MORNING)
    told = " ".join(refused.value.problems)
    for word in ("First touch", "attempts take longer", "what an MQL", "reason for rejecting"):
        assert word in told


def test_a_new_agreement_starts_as_a_copy_and_goes_when_its_only_draft_goes() -> None:
    marketing, sales = sides()
    draft = create_agreement(name="Nordics", copy_of=standard(), by=marketing, now=MORNING)
    assert targets_of(draft) == targets_of(standard())
    discard_draft(version=draft, by=sales, now=MORNING)
    assert not Agreement.objects.filter(name="Nordics").exists()


def test_only_the_reasons_of_the_version_that_a_handoff_began_under_are_taken() -> None:
    open_desk(reps=1)
    marketing, sales = sides()
    (old,) = hand_over(MORNING)
    draft = draft_from(version=standard(), by=marketing, now=MORNING)
    draft.reasons.set(Reason.objects.filter(slug__in=["duplicate", "no_need"]))
    sign_both(propose(version=draft, by=marketing, now=MORNING), marketing, sales, MORNING)
    (new,) = hand_over(MORNING + MINUTE)
    reason = Reason.objects.get(slug="wrong_team")
    assert list(Reason.objects.for_rejection(new.agreement_version_id)) == [
        Reason.objects.get(slug="duplicate")
    ]
    with pytest.raises(NotPossible):
        reject(handoff=new, reason=reason, note="", by=owner_of(new), now=MORNING + MINUTE)
    reject(handoff=old, reason=reason, note="", by=owner_of(old), now=MORNING + MINUTE)


def test_those_who_can_sign_are_asked_and_both_sides_hear_from_when_it_holds() -> None:
    team, (rep, _other) = open_desk()
    marketing, sales = sides()
    stranger = make_user("sales_manager", team=make_team())
    version = proposal(marketing, MORNING)
    asked = Notification.objects.filter(kind="agreement")
    assert {row.recipient for row in asked} == {marketing, sales}
    sign_both(version, marketing, sales, MORNING + MINUTE)
    told = Notification.objects.filter(kind="agreement", subject__startswith="Signed")
    assert {row.recipient for row in told} == {marketing, sales, *team.members.all()}
    assert rep in {row.recipient for row in told}
    assert stranger not in {row.recipient for row in told}
    assert "in force from" in told[0].body


class TestTheDatabaseItself:
    """Whatever writes: code that forgot the rule, a shell, an SQL client."""

    def test_refuses_every_change_of_what_is_signed(self) -> None:
        version = standard()
        promise = version.promises.all()[0]
        deeds = [
            lambda: AgreementVersion.objects.filter(pk=version.pk).update(recycle_limit=9),
            lambda: AgreementVersion.objects.filter(pk=version.pk).update(state="draft"),
            lambda: Promise.objects.filter(pk=promise.pk).update(target_seconds=1),
            lambda: Promise.objects.filter(pk=promise.pk).delete(),
            lambda: version.promises.filter(kind=PromiseKind.PICK_UP)._raw_delete("default"),
            lambda: version.reasons.add(Reason.objects.all()[0]),
            lambda: version.signatures.update(name="Somebody"),
            lambda: version.signatures.all().delete(),
        ]
        for deed in deeds:
            with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
                deed()

    def test_refuses_a_promise_that_moves_into_a_signed_version(self) -> None:
        marketing, _sales = sides()
        draft = draft_from(version=standard(), by=marketing, now=MORNING)
        promise = draft.promises.all()[0]
        Promise.objects.filter(pk=promise.pk).update(target_seconds=5, target_days=None)
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            Promise.objects.filter(pk=promise.pk).update(version=standard())
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            Promise.objects.create(version=standard(), kind="accept", tier="tier_2", target_seconds=5)

    def test_keeps_its_triggers_through_a_migration(self) -> None:
        from django.apps import apps

        from sla.agreements import triggers
        from sla.agreements.protection import protect, release

        plan = [(type("Step", (), {"app_label": "sla"}), False)]
        release(plan=plan, using="default")
        Promise.objects.filter(kind=PromiseKind.ROUTING).update(target_seconds=60)
        protect(plan=plan, using="default", apps=apps)
        sealed = standard()
        assert "1 min round the clock" in str(sealed.document)
        assert {row.digest for row in sealed.signatures.all()} == {digest_of(document_of(sealed))}
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            Promise.objects.filter(kind=PromiseKind.ROUTING).update(target_seconds=90)
        assert triggers.create_sql(connection.vendor)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_sides_that_sign_at_once_both_sign_and_one_completes_it(self) -> None:
        marketing, sales = sides()
        version = proposal(marketing, MORNING)
        results = at_once(
            *(
                lambda person=person: sign(version=version, digest=version.digest, by=person, now=MORNING)
                for person in (marketing, sales)
            )
        )
        assert all(isinstance(result, Signature) for result in results), results
        version.refresh_from_db()
        assert version.is_signed
        assert JournalEntry.objects.filter(event="agreement.in_force").count() == 1

    def test_of_two_people_of_one_side_the_second_hears_who_signed(self) -> None:
        marketing, _sales = sides()
        people = [marketing, make_user("marketing")]
        version = proposal(marketing, MORNING)
        results = at_once(
            *(
                lambda person=person: sign(version=version, digest=version.digest, by=person, now=MORNING)
                for person in people
            )
        )
        (won,) = [result for result in results if isinstance(result, Signature)]
        (lost,) = [result for result in results if isinstance(result, MovedOn)]
        assert won.name in str(lost)


def test_a_team_gets_an_agreement_only_once_it_is_in_force() -> None:
    team, _reps = open_desk()
    draft = create_agreement(name="Elsewhere", copy_of=standard(), by=make_user("marketing"), now=MORNING)
    client = Client()
    client.force_login(make_user("administrator"))
    territory = Territory.objects.get(team=team)
    fields = {"team": team.pk, "calendar": territory.calendar_id, "countries": "[]", "is_fallback": "on"}
    address = f"/admin/sla/territory/{territory.pk}/change/"
    refused = client.post(address, fields | {"agreement": draft.agreement_id})
    assertContains(refused, "have it signed by both sides first")
    assert client.post(address, fields | {"agreement": territory.agreement_id}).status_code == 302


def test_a_team_is_under_one_agreement_and_its_manager_signs_that_one_only() -> None:
    team, _reps = open_desk()
    manager = make_user("sales_manager", team=team)
    draft = create_agreement(name="Elsewhere", copy_of=standard(), by=manager, now=MORNING)
    marketing = make_user("marketing")
    version = propose(version=draft, by=marketing, now=MORNING)
    with pytest.raises(Refusal, match="another agreement"):
        sign(version=version, digest=version.digest, by=manager, now=MORNING)
    Territory.objects.filter(team=team).update(agreement=version.agreement)
    sign(version=version, digest=version.digest, by=manager, now=MORNING)

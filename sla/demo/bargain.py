"""How the demo's two sides negotiate: a second version signed some weeks ago, and a third that waits for sales."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sla.agreements.reading import target_of
from sla.agreements.targets import Target, parse
from sla.demo.company import DOMAIN
from sla.models import AgreementVersion
from sla.services.agreements import draft_from, edit_draft, propose, sign

if TYPE_CHECKING:
    from sla.demo.world import World

# Kept clear of what the closing scene counts on (sla.demo.scene): its leads are judged by 15 minutes, 1, 4, 8 and 24 hours.
_SECOND: dict[str, Any] = {
    "change_note": (
        "Tier 2 waited too long for a first call, and reps kept calling after ten days without an answer. In return marketing "
        "fills in the country too, and promises 12 leads for each rep."
    ),
    "volume_per_rep": 12,
    "required_fields": ["email", "job_title", "company_name", "country"],
    "recycle_after_days": 60,
}
_SECOND_TARGETS = {
    ("first_touch", "tier_2"): parse("32 h"),
    ("attempts", "tier_2"): parse("4 in 8 business days", counted=True),
    ("pick_up", "hand_raiser"): parse("3 business days"),
}
_THIRD: dict[str, Any] = {
    "change_note": (
        "Those who ask for a demo decide within the hour. Sales tries ten minutes for three months; marketing hands raised hands "
        "off within two minutes."
    ),
    "acceptance_percent": 92,
}
_THIRD_TARGETS = {
    ("accept", "hand_raiser"): parse("10 min"),
    ("routing", "hand_raiser"): parse("2 min round the clock"),
}


def _at_the_desk(moment: datetime) -> datetime:
    """The morning of that day, in the office hours of both sides."""
    return moment.replace(hour=9, minute=40, second=0, microsecond=0)


class Bargain:
    """The negotiation, planned on the world's clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        span = world.end - world.start
        signed = _at_the_desk(world.end - min(timedelta(days=42), span * 0.4))
        signed -= timedelta(days=max(0, signed.weekday() - 4))
        proposed = _at_the_desk(world.end - min(timedelta(days=2), span * 0.1))
        pause = min(timedelta(days=1), span * 0.02)
        world.at(signed - 3 * pause, lambda now: self._draft(_SECOND, _SECOND_TARGETS, now))
        world.at(signed - 2 * pause, self._propose)
        world.at(signed - pause, self._marketing_signs)
        world.at(signed, self._sales_signs)
        world.at(proposed - pause, lambda now: self._draft(_THIRD, _THIRD_TARGETS, now))
        world.at(proposed, self._propose)
        world.at(proposed + pause / 2, self._marketing_signs)

    def _newest(self) -> AgreementVersion:
        return AgreementVersion.objects.select_related("agreement").latest("number")

    def _draft(
        self, values: Mapping[str, Any], changed: Mapping[tuple[str, str], Target], now: datetime
    ) -> None:
        by = self.world.company.marketing
        draft = draft_from(version=self._newest(), by=by, now=now)
        targets = {(row["kind"], row["tier"]): target_of(row) for row in draft.promises.values()}
        edit_draft(version=draft, values=values, targets=targets | dict(changed), reasons=[], by=by, now=now)

    def _propose(self, now: datetime) -> None:
        propose(version=self._newest(), by=self.world.company.marketing, now=now)
        self.world.deliver_soon(now)

    def _marketing_signs(self, now: datetime) -> None:
        version = self._newest()
        sign(version=version, digest=version.digest, by=self.world.company.marketing, now=now)

    def _sales_signs(self, now: datetime) -> None:
        version = self._newest()
        manager = self.world.company.users[f"manager@{DOMAIN}"]
        sign(version=version, digest=version.digest, by=manager, now=now)
        self.world.sales.learn_targets()
        self.world.deliver_soon(now)

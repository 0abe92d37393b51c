"""Leads that were merged into others: what is told of the kept one is the story of all of them."""

from leads.models import Lead


def numbers_of(lead: int) -> list[int]:
    """The number of a lead and those of all leads that were merged into it; one query."""
    return [lead, *Lead.objects.merged().filter(merged_into=lead).order_by("pk").values_list("pk", flat=True)]

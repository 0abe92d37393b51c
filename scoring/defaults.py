"""The scoring model that a new installation starts with (points of product.md, "Scoring")."""

from typing import Any

NAME = "Standard"

# label, field, operator, values, points
PROFILE_RULES: tuple[tuple[str, str, str, list[str | int], int], ...] = (
    (
        "Decision maker",
        "job_title",
        "contains",
        [
            "chief",
            "ceo",
            "cfo",
            "cto",
            "coo",
            "vp",
            "vice president",
            "director",
            "head of",
            "owner",
            "founder",
        ],
        20,
    ),
    ("Manager", "job_title", "contains", ["manager", "lead ", "team lead"], 10),
    ("Student or intern", "job_title", "contains", ["student", "intern", "trainee"], -30),
    ("50 employees or more", "employees", "at_least", [50], 10),
    ("250 employees or more", "employees", "at_least", [250], 10),
    ("Fewer than 5 employees", "employees", "below", [5], -10),
    ("Industry is known", "industry", "is_known", [], 5),
    ("Phone number is known", "phone", "is_known", [], 5),
    ("Company is known", "company_name", "is_known", [], 5),
)

# label, kind, points, cap, window in days
BEHAVIOUR_RULES = (
    ("Whitepaper", "whitepaper", 10, 20, 180),
    ("Case study", "case_study", 10, 20, 180),
    ("Newsletter", "newsletter", 5, 5, None),
    ("Webinar", "webinar", 20, 40, 180),
    ("Live event", "event", 20, 40, 180),
    ("Blog post", "blog_post", 1, 5, 90),
    ("Product page", "product_page", 5, 20, 90),
    ("Pricing page", "pricing_page", 8, 24, 90),
    ("Return visit", "return_visit", 3, 9, 90),
    ("Link in an e-mail", "email_click", 3, 9, 90),
    ("Contact requested", "contact_request", 25, 25, 180),
    ("Demo requested", "demo_request", 30, 30, 180),
    ("Trial requested", "trial_request", 30, 30, 180),
    ("Consultation requested", "consultation_request", 30, 30, 180),
    ("Quote requested", "quote_request", 30, 30, 180),
)


def seed(apps: Any) -> None:
    """Write the standard model where there is no active one."""
    model_model = apps.get_model("scoring", "ScoringModel")
    if model_model.objects.filter(state="active").exists():
        return
    model = model_model.objects.create(name=NAME, version=1, state="active")
    profile, behaviour = apps.get_model("scoring", "ProfileRule"), apps.get_model("scoring", "BehaviourRule")
    for label, field, operator, values, points in PROFILE_RULES:
        profile.objects.create(
            model=model, label=label, field=field, operator=operator, values=values, points=points
        )
    for label, kind, points, cap, days in BEHAVIOUR_RULES:
        behaviour.objects.create(
            model=model, label=label, kind_id=kind, points=points, cap=cap, window_days=days
        )

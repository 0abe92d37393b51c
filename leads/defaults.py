"""What a new installation starts with: kinds of activity, exclusion rules, a website with its forms.

`apps` is the registry of a migration or django.apps.apps; rows that are there already stay as they are.
"""

from typing import Any

# slug, name, raises a hand
ACTIVITY_KINDS = (
    ("page_view", "Page view", False),
    ("blog_post", "Blog post read", False),
    ("product_page", "Product page visited", False),
    ("pricing_page", "Pricing page visited", False),
    ("return_visit", "Return visit", False),
    ("newsletter", "Newsletter signed up for", False),
    ("whitepaper", "Whitepaper downloaded", False),
    ("case_study", "Case study downloaded", False),
    ("webinar", "Webinar attended", False),
    ("event", "Live event attended", False),
    ("email_click", "Link in an e-mail followed", False),
    ("form_submission", "Form sent", False),
    ("contact_request", "Contact requested", True),
    ("demo_request", "Demo requested", True),
    ("trial_request", "Trial requested", True),
    ("consultation_request", "Consultation requested", True),
    ("quote_request", "Quote requested", True),
)

# Lists that come with the product. Competitors and countries are the organisation's own.
EXCLUSIONS = ("academic", "personal", "disposable")

_EMAIL = {"name": "email", "label": "Work e-mail", "type": "email", "required": True}
_FIRST = {"name": "first_name", "label": "First name", "type": "text", "required": True}
_LAST = {"name": "last_name", "label": "Last name", "type": "text", "required": True}
_COMPANY = {"name": "company_name", "label": "Company", "type": "text", "required": True}
_TITLE = {"name": "job_title", "label": "Job title", "type": "text", "required": False}
_COUNTRY = {"name": "country", "label": "Country", "type": "country", "required": False}
_EMPLOYEES = {
    "name": "employees",
    "label": "Employees",
    "type": "select",
    "required": False,
    "choices": ["1-49", "50-249", "250-999", "1000+"],
}
_MESSAGE = {"name": "message", "label": "What would you like to see?", "type": "textarea", "required": False}

FORMS: tuple[dict[str, Any], ...] = (
    {
        "slug": "demo",
        "title": "Request a demo",
        "intro": "See it with your own numbers. A specialist calls you back.",
        "button": "Request a demo",
        "thanks": "Thank you. A specialist will contact you within the hour, in working time.",
        "activity": "demo_request",
        "fields": [_EMAIL, _FIRST, _LAST, _COMPANY, _TITLE, _EMPLOYEES, _COUNTRY, _MESSAGE],
    },
    {
        "slug": "contact",
        "title": "Contact us",
        "intro": "Tell us what you need.",
        "button": "Send message",
        "thanks": "Thank you. We will answer you soon.",
        "activity": "contact_request",
        "fields": [_EMAIL, _FIRST, _LAST, _COMPANY, _COUNTRY, _MESSAGE],
    },
    {
        "slug": "whitepaper",
        "title": "Get the whitepaper",
        "intro": "Tell us where to send it.",
        "button": "Get the whitepaper",
        "thanks": "Thank you. The whitepaper is on its way to your mailbox.",
        "activity": "whitepaper",
        "fields": [_EMAIL, _FIRST, _LAST, _COMPANY, _TITLE, _COUNTRY],
    },
    {
        "slug": "newsletter",
        "title": "Sign up for the newsletter",
        "intro": "One mail a month.",
        "button": "Sign up",
        "thanks": "Thank you. You are on the list.",
        "activity": "newsletter",
        "fields": [_EMAIL],
    },
    {
        "slug": "webinar",
        "title": "Join the webinar",
        "intro": "Forty minutes, with questions at the end.",
        "button": "Save my seat",
        "thanks": "Thank you. Your seat is saved.",
        "activity": "webinar",
        "fields": [_EMAIL, _FIRST, _LAST, _COMPANY, _TITLE, _COUNTRY],
    },
)


def seed(apps: Any) -> None:
    """Write the defaults that are missing."""
    kind_model, rule_model = apps.get_model("leads", "ActivityKind"), apps.get_model("leads", "ExclusionRule")
    source_model, form_model = apps.get_model("leads", "Source"), apps.get_model("leads", "Form")
    for slug, label, raises_hand in ACTIVITY_KINDS:
        kind_model.objects.get_or_create(slug=slug, defaults={"label": label, "raises_hand": raises_hand})
    for kind in EXCLUSIONS:
        rule_model.objects.get_or_create(kind=kind, value="")
    website, _ = source_model.objects.get_or_create(
        slug="website", defaults={"name": "Website", "kind": "form"}
    )
    for form in FORMS:
        form_model.objects.get_or_create(slug=form["slug"], defaults={**form, "source": website})

"""The hosted form in a real browser: with the keyboard, on a phone, in the dark, and sent twice by a double click."""

import pytest
from playwright.sync_api import expect

from leads.models import Submission


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_a_visitor_fills_in_the_form_with_the_keyboard(page_for, axe, width, scheme):
    page = page_for(width=width, scheme=scheme)
    page.goto("/f/demo/?utm_source=google")
    axe(page)
    page.get_by_label("Work e-mail").focus()
    for text in ("anna@acme.example", "Anna", "Lü", "Acme"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A specialist will contact you")).to_be_visible()
    axe(page)
    assert Submission.objects.count() == 1


def test_what_is_wrong_is_said_beside_the_field(page_for, axe):
    page = page_for(expect=("422",))
    page.goto("/f/newsletter/")
    page.get_by_label("Work e-mail").fill("anna at acme")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("alert")).to_contain_text("is not an e-mail address")
    expect(page.get_by_label("Work e-mail")).to_have_value("anna at acme")
    axe(page)


def test_a_double_click_is_one_submission(page_for):
    page = page_for()
    page.goto("/f/newsletter/")
    page.get_by_label("Work e-mail").fill("anna@acme.example")
    page.get_by_role("button", name="Sign up").dblclick()
    expect(page.get_by_text("You are on the list")).to_be_visible()
    assert Submission.objects.originals().count() == 1

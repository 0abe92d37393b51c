"""Students, private people, throw-away addresses, competitors and countries not sold to are not leads."""

import csv
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.exclusions import (
    RULE_SLUGS,
    Exclusion,
    ExclusionRules,
    MailFinding,
    MailKind,
    first_exclusion,
    mail_domain,
    mail_kind,
)

SHARED = Path(os.environ.get("BATON_SHARED", Path(__file__).resolve().parents[3] / "shared"))
LISTS = SHARED / "data" / "lead_qualification_lists"
DATA = Path(__file__).resolve().parents[2] / "leads" / "data"
needs_lists = pytest.mark.skipif(not LISTS.is_dir(), reason=f"no shared lists at {LISTS}; set BATON_SHARED")

BOTH_FREE_AND_ACADEMIC = ["berlin.de", "chat.ru", "nus.edu.sg", "unican.es", "vnn.vn"]


def shared_lines(name: str) -> list[str]:
    return (LISTS / name).read_text(encoding="utf-8").split()


def kinds_of(domains: list[str]) -> dict[MailKind, set[str]]:
    found: dict[MailKind, set[str]] = {}
    for domain in domains:
        found.setdefault(mail_kind(f"someone@{domain}").kind, set()).add(domain)
    return found


@pytest.mark.parametrize(
    ("address", "kind", "rule"),
    [
        ("Anna@GMAIL.com ", MailKind.PERSONAL, "gmail.com"),
        ("gmail.com", MailKind.PERSONAL, "gmail.com"),
        ("a@hotmail.co.uk", MailKind.PERSONAL, "hotmail.co.uk"),
        ("a@kunden.t-online.de", MailKind.PERSONAL, "t-online.de"),
        ("a@mailinator.com", MailKind.DISPOSABLE, "mailinator.com"),
        ("a@box7.mailinator.com", MailKind.DISPOSABLE, "mailinator.com"),
        ("a@mit.edu", MailKind.ACADEMIC, "mit.edu"),
        ("a@student.cs.stanford.edu", MailKind.ACADEMIC, "stanford.edu"),
        ("a@student.example.edu", MailKind.ACADEMIC, "edu"),
        ("a@anything.ac.jp", MailKind.ACADEMIC, "ac.jp"),
        ("a@new-college.ac.uk", MailKind.ACADEMIC, "ac.uk"),
        ("a@student.rub.de", MailKind.ACADEMIC, "rub.de"),
    ],
)
def test_a_listed_domain_and_all_below_it_are_of_its_kind(address, kind, rule):
    assert mail_kind(address) == MailFinding(kind, rule)


@pytest.mark.parametrize(
    "domain",
    ["acme.example", "mail.acme.example", "shop.test", "example.com", "example.org", "example.net", "siemens.com",
     "sap.com", "ibm.com", "microsoft.com", "amazon.com", "google.com", "apple.com", "cisco.com", "bt.com",
     "telekom.de", "vodafone.com", "orange.com", "telefonica.com", "verizon.com", "att.com", "comcast.com",
     "swisscom.com", "yahooinc.com", "team.telstra.com", "corp.mail.ru", "notgmail.com", "gmail.com.acme.example",
     "mymit.edu.example", "nasa.gov", "si.edu", "localhost", "", "com", "bücher.example"],
)  # fmt: skip
def test_company_mail_is_business_mail(domain):
    assert mail_kind(f"anna@{domain}") == MailFinding(MailKind.BUSINESS)


@pytest.mark.parametrize("suffix", ["za.com", "net.ua", "dyndns.org"])
def test_a_public_suffix_on_a_list_says_nothing_about_those_below_it(suffix):
    assert mail_kind(f"a@{suffix}").kind is not MailKind.BUSINESS
    assert mail_kind(f"a@acme.{suffix}").kind is MailKind.BUSINESS


@pytest.mark.parametrize("domain", BOTH_FREE_AND_ACADEMIC)
def test_a_domain_that_is_free_and_academic_is_excluded_by_either_rule(domain):
    finding = mail_kind(domain)
    assert (finding.kind, finding.also) == (MailKind.ACADEMIC, MailKind.PERSONAL)
    assert excluded_by(f"a@{domain}", ExclusionRules()) == "academic_mail"
    assert excluded_by(f"a@{domain}", ExclusionRules(exclude_academic=False)) == "personal_mail"
    assert excluded_by(f"a@{domain}", ExclusionRules(exclude_personal=False)) == "academic_mail"
    assert excluded_by(f"a@{domain}", ExclusionRules(exclude_academic=False, exclude_personal=False)) == ""


@given(
    text=st.text()
    | st.text().map(lambda text: f"a@{text}")
    | st.text(alphabet=".-axé\u0130").map(lambda t: t + ".de")
)
def test_any_text_has_a_kind_and_a_domain_in_normal_form(text):
    assert mail_kind(text).kind in MailKind
    assert mail_domain(mail_domain(text)) == mail_domain(text)


# --- the rules of an organisation


def excluded_by(email: str, rules: ExclusionRules, country: str = "") -> str:
    found = first_exclusion(email, country, rules)
    return found.rule if found else ""


RULES = ExclusionRules(
    competitor_domains=frozenset({"rival.example"}),
    blocked_countries=frozenset({"KP"}),
    allowed_domains=frozenset({"gmail.com", "mit.edu", "lab.rival.example", "partner.example"}),
)


@pytest.mark.parametrize(
    ("email", "country", "rule"),
    [
        ("a@acme.example", "DE", ""),
        ("a@acme.example", "", ""),
        ("", "", ""),
        ("a@rival.example", "DE", "competitor"),
        ("a@mail.rival.example", "DE", "competitor"),
        ("a@lab.rival.example", "DE", "competitor"),
        ("a@notrival.example", "DE", ""),
        ("a@gmail.com", "DE", ""),
        ("a@cs.mit.edu", "DE", ""),
        ("a@gmx.de", "DE", "personal_mail"),
        ("a@stanford.edu", "US", "academic_mail"),
        ("a@mailinator.com", "US", "disposable_mail"),
        ("a@acme.example", "kp", "blocked_country"),
        ("", "KP", "blocked_country"),
        ("a@partner.example", "KP", ""),
    ],
)
def test_competitors_come_first_then_allowed_domains_then_the_lists_then_countries(email, country, rule):
    assert excluded_by(email, RULES, country) == rule


def test_a_rule_that_is_switched_off_excludes_nobody():
    off = ExclusionRules(exclude_academic=False, exclude_personal=False, exclude_disposable=False)
    assert [excluded_by(f"a@{domain}", off) for domain in ("gmail.com", "mit.edu", "mailinator.com")] == [
        "",
        "",
        "",
    ]
    assert excluded_by("a@mailinator.com", ExclusionRules(exclude_disposable=False)) == ""


def test_an_exclusion_says_why_in_a_sentence_and_in_parts():
    found = first_exclusion("Anna@Gmail.com", "", ExclusionRules())
    assert isinstance(found, Exclusion)
    assert (found.kind, found.rule) == ("personal", "personal_mail")
    assert found.detail == "gmail.com is a personal mail domain"
    assert found.rule in RULE_SLUGS
    assert found.template % dict(found.params) == found.detail


# --- the lists


def test_a_hundred_thousand_addresses_take_less_than_a_second():
    mail_kind("warm@up.example")
    domains = [f"company-{number}.example" for number in range(9_000)] + [
        "gmail.com",
        "student.mit.edu",
    ] * 500
    addresses = [f"a{number}@{domains[number % len(domains)]}" for number in range(100_000)]
    began = time.process_time()
    for address in addresses:
        mail_kind(address)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("path", sorted(DATA.glob("*_*.txt")), ids=lambda path: path.name)
def test_a_list_is_sorted_lower_case_ascii_and_without_repeats(path):
    raw = path.read_bytes()
    lines = raw.decode("ascii").split("\n")
    assert lines.pop() == ""
    assert b"\r" not in raw
    assert lines == sorted({line.strip().lower() for line in lines})


@needs_lists
def test_every_shared_disposable_domain_is_disposable():
    assert set(kinds_of(shared_lines("disposable_email_blocklist.txt"))) == {MailKind.DISPOSABLE}


@needs_lists
def test_every_shared_free_domain_is_excluded_as_one_kind_or_another():
    found = kinds_of(shared_lines("free_email_domains.txt"))
    assert MailKind.BUSINESS not in found
    assert len(found[MailKind.DISPOSABLE]) >= 8_997
    # The five on both lists, and one below .edu that gives addresses away; australia.edu is on the stoplist.
    assert found[MailKind.ACADEMIC] == {*BOTH_FREE_AND_ACADEMIC, "england.edu"}


@needs_lists
def test_every_shared_academic_domain_that_is_not_stopped_is_academic():
    stopped = {*shared_lines("academic_stoplist.txt"), *shared_lines("academic_abused.txt")}
    with (LISTS / "academic_domains.csv").open(encoding="utf-8", newline="") as file:
        domains = [row["domain"].lower() for row in csv.DictReader(file)]
    found = kinds_of([domain for domain in domains if domain not in stopped])
    # One row of the shared file is a file name cut short: it means zi-mannheim.de.
    assert {kind: names for kind, names in found.items() if kind is not MailKind.ACADEMIC} == {
        MailKind.BUSINESS: {"zi-mann.de"}
    }
    assert mail_kind("zi-mannheim.de").kind is MailKind.ACADEMIC


@needs_lists
def test_no_stopped_or_abused_domain_is_academic():
    assert MailKind.ACADEMIC not in kinds_of(
        shared_lines("academic_stoplist.txt") + shared_lines("academic_abused.txt")
    )


@needs_lists
def test_everything_below_a_shared_academic_suffix_is_academic():
    stopped = {*shared_lines("academic_stoplist.txt"), *shared_lines("academic_abused.txt")}
    suffixes = [suffix for suffix in shared_lines("academic_tlds.txt") if suffix not in stopped]
    assert set(kinds_of([f"cs.some-new-school.{suffix}" for suffix in suffixes])) == {MailKind.ACADEMIC}

"""Invented visitors: names, companies, titles and where they come from. Pure."""

from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from sla.demo.company import BLOCKED_COUNTRY, COMPETITOR, OUT_OF_TARGET, mailbox

T = TypeVar("T")


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words(
    "Aksel Alma Amanda Ana Andre Anja Astrid Beatriz Bjarne Brandon Camila Carla Casper Chloe Clara "
    "Daniel Diego Ebba Edith Eirik Elias Ellen Emil Emma Erik Ethan Eva Filip Frida Gabriel Hanna Hugo "
    "Ida Inga Isabel Iver Jakob James Jasmine Johan Julia Karin Kasper Kira Lars Laura Leah Liam Linnea "
    "Lucas Luisa Magnus Maria Marta Mateo Mia Mikkel Nadia Natalie Noah Oda Olivia Oscar Pablo Petra "
    "Rasmus Rebecca Ryan Sara Sigrid Simon Sofia Stella Sven Thea Tomas Tove Valeria Victor Vilma Walter "
    "Yasmin"
)
_LAST = _words(
    "Aalto Abrams Almeida Andersson Bakke Barrera Becker Berg Bishop Blom Brandt Brennan Carlsen "
    "Castillo Chambers Cordero Dahl Dalton Dekker Delgado Eide Ellison Engberg Ferreira Fischer Fjeld "
    "Forsberg Garner Granqvist Grieg Haddad Halvorsen Hanson Hedlund Heikkinen Holt Ibarra Iversen "
    "Jansen Jokinen Kaplan Keller Klausen Kruse Laine Larsen Lindgren Lowell Lund Madsen Mercer Molina "
    "Moreno Nagel Navarro Nygaard Oakes Olsen Ortega Palmer Pedersen Quist Ramos Ravn Reyes Rosen "
    "Salinas Sandberg Sloan Strand Svensson Thorne Toft Vance Vega Virtanen Visser Wagner Whitaker "
    "Winther Ybarra Zimmer"
)
_START = _words(
    "Alder Amber Arc Aurora Birch Bluefin Bright Cedar Cinder Clear Copper Coral Delta Drift Ember "
    "Falcon Fern Fjord Flint Frost Gale Glen Granite Harbor Hazel Heron Iron Juniper Kelp Lark Lumen "
    "Maple Marble Meadow Nimbus North Oak Onyx Orchid Pine Polar Quartz Raven Ridge River Rowan Saga "
    "Sienna Silver Slate Solar Spruce Stone Summit Swift Tide Timber Umber Vale Vesper Willow Zephyr"
)
_END = _words(
    "bridge cast craft dale field flow forge gate grid hive lane line loom mark mill path point port "
    "scale shift span spring stack stead sphere ware works yard"
)
_INDUSTRIES = ("Software", "Manufacturing", "Logistics", "Energy", "Retail", "Healthcare", "Finance", "Media")
_TITLES = {
    "decides": (
        "Director of Operations",
        "VP Sales",
        "Head of Procurement",
        "Chief Operating Officer",
        "Managing Director",
        "Head of Logistics",
        "CFO",
        "Founder",
        "VP Supply Chain",
        "IT Director",
    ),
    "manages": (
        "Operations Manager",
        "Purchasing Manager",
        "IT Manager",
        "Project Manager",
        "Plant Manager",
        "Marketing Manager",
    ),
    "works": ("Business Analyst", "Specialist", "Engineer", "Coordinator", "Consultant", "Buyer"),
    "learns": ("Student assistant", "Intern", "Trainee"),
}
_NORDIC = (("DK", 30), ("SE", 26), ("NO", 16), ("FI", 10), ("DE", 8), ("GB", 6), ("NL", 4))
_AMERICAN = (("US", 62), ("CA", 16), ("MX", 8), ("BR", 7), ("CL", 3), ("CO", 3))
# source, medium, campaigns, weight
_ORIGINS = (
    ("google", "cpc", ("brand", "category-eu", "category-us"), 26),
    ("google", "organic", ("",), 22),
    ("linkedin", "paid_social", ("decision-makers", "retarget"), 18),
    ("newsletter", "email", ("monthly", "product-news"), 12),
    ("partner", "referral", ("integrations",), 8),
    ("tradefair", "event", ("spring-expo", "autumn-expo"), 5),
    ("", "", ("",), 9),
)
_LANDING = ("/", "/product", "/pricing", "/guides/handoffs", "/webinars", "/customers", "/blog/speed-to-lead")
# kind of visitor, weight; the five after the first two are no leads
KINDS = (
    ("target", 770),
    ("tier2", 62),
    ("personal", 62),
    ("academic", 28),
    ("disposable", 18),
    ("competitor", 12),
    ("blocked", 14),
)
_FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com")
_THROWAWAY = ("mailinator.com", "yopmail.com")
_CAMPUS = ("tindervale.edu", "ormsgate.ac.uk")


@dataclass
class Person:
    """Somebody who visits. `script` names a part in the closing scene."""

    kind: str
    first: str
    last: str
    email: str
    title: str
    company: str
    employees: int
    industry: str
    country: str
    phone: str
    zone: str
    origin: tuple[str, str, str]
    landing: str
    script: str = ""

    def answers(self, names: tuple[str, ...]) -> dict[str, Any]:
        """What they write into the fields of a form with these names; some leave some out."""
        size = next(text for least, text in _SIZES if self.employees >= least)
        everything = {
            "email": self.email,
            "first_name": self.first,
            "last_name": self.last,
            "company_name": self.company,
            "job_title": self.title,
            "employees": size,
            "country": self.country,
        }
        return {name: everything[name] for name in names if name in everything}

    def arrived_by(self) -> dict[str, str]:
        """The attribution that the website sends along."""
        source, medium, campaign = self.origin
        told = {
            "utm_source": source,
            "utm_medium": medium,
            "utm_campaign": campaign,
            "landing_page": self.landing,
        }
        return {name: value for name, value in told.items() if value}

    def known(self) -> dict[str, Any]:
        """What the product's own records say about the company."""
        return {"industry": self.industry, "employees": self.employees, "phone": self.phone}


_SIZES = ((1000, "1000+"), (250, "250-999"), (50, "50-249"), (0, "1-49"))


def invent(rng: Random, *, kind: str = "", title: str = "", region: str = "") -> Person:
    """A person; `kind`, `title` (decides, manages, works, learns) and `region` (nordic, american) are drawn where blank."""
    kind = kind or pick(rng, KINDS)
    title = title or pick(rng, (("decides", 46), ("manages", 31), ("works", 18), ("learns", 5)))
    region = region or pick(rng, (("nordic", 54), ("american", 46)))
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    company = f"{rng.choice(_START)}{rng.choice(_END)}"
    source, medium, campaigns = pick(rng, tuple(((row[0], row[1], row[2]), row[3]) for row in _ORIGINS))
    country = pick(rng, _NORDIC if region == "nordic" else _AMERICAN)
    return Person(
        kind=kind,
        first=first,
        last=last,
        email=_address(rng, kind, f"{first} {last}", company),
        title=rng.choice(_TITLES[title]),
        company=company,
        employees=pick(rng, ((4, 5), (22, 20), (85, 34), (180, 13), (420, 18), (2600, 10))),
        industry=rng.choice(OUT_OF_TARGET) if kind == "tier2" else rng.choice(_INDUSTRIES),
        country=BLOCKED_COUNTRY if kind == "blocked" else country,
        phone=f"+45 5550 {rng.randrange(1000, 9999)}"
        if region == "nordic"
        else f"+1 555 010 {rng.randrange(1000, 9999)}",
        zone="Europe/Copenhagen" if region == "nordic" else "America/New_York",
        origin=(source, medium, rng.choice(campaigns)),
        landing=rng.choice(_LANDING),
    )


def pick(rng: Random, weighted: tuple[tuple[T, int], ...]) -> T:
    """One of the values, by weight."""
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]


def _address(rng: Random, kind: str, name: str, company: str) -> str:
    """Providers that everybody uses are real, so what is before the @ is nobody's."""
    lists = {
        "personal": _FREE_MAIL,
        "disposable": _THROWAWAY,
        "academic": _CAMPUS,
        "competitor": (COMPETITOR,),
    }
    if kind not in lists:
        return f"{mailbox(name)}@{company.lower()}.example"
    return f"{mailbox(name)}.demo{rng.randrange(100, 999)}@{rng.choice(lists[kind])}"

"""Invents prospects: companies, people and what they want. Names are made up; domains end in .example."""

from decimal import Decimal
from random import Random
from typing import Any

FIRST = [
    "Anna",
    "Mateo",
    "Sofie",
    "Lukas",
    "Nora",
    "Pavel",
    "Elena",
    "Jonas",
    "Marta",
    "Hugo",
    "Ingrid",
    "Emil",
    "Clara",
    "Viktor",
    "Amélie",
    "Oskar",
    "Paula",
    "Felix",
    "Lucía",
    "Marek",
    "Johanna",
    "Théo",
    "Greta",
    "Nils",
    "Carmen",
    "Stefan",
    "Alma",
    "Rafael",
    "Selma",
    "Anton",
    "Zofia",
    "Erik",
    "Livia",
    "Tomás",
    "Frida",
    "Luca",
]
LAST = [
    "Keller",
    "Novák",
    "Jansen",
    "Rossi",
    "Lindgren",
    "Moreau",
    "Fischer",
    "Kowalska",
    "Duarte",
    "Bakker",
    "Hofmann",
    "Serrano",
    "Dubois",
    "Eriksen",
    "Varga",
    "Weiss",
    "Santos",
    "Maier",
    "Horváth",
    "Lefèvre",
    "Brandt",
    "Costa",
    "Olsen",
    "Peeters",
    "Gruber",
    "Marín",
    "Nielsen",
    "Bianchi",
    "Vogel",
    "Laurent",
]
COMPANY = [
    "Aerolume",
    "Kestrel",
    "Orchard",
    "Tidewater",
    "Volt",
    "Saffron",
    "Nordlicht",
    "Alpen",
    "Bernstein",
    "Caldera",
    "Dovetail",
    "Ember",
    "Fjord",
    "Granit",
    "Halden",
    "Isarwerk",
    "Juniper",
    "Karst",
    "Lumen",
    "Maris",
    "Nimbus",
    "Okta",
    "Pinion",
    "Quarz",
    "Rhein",
    "Solstice",
    "Terra",
    "Umbra",
    "Vesper",
    "Wellen",
]
TRADE = {
    "Utilities": ("Energy", "Power"),
    "Life sciences": ("Biotech", "Pharma"),
    "Healthcare": ("Medical", "Clinics"),
    "Transport": ("Logistics", "Rail"),
    "Retail": ("Stores", "Trading"),
    "Manufacturing": ("Works", "Tooling"),
    "Food and drink": ("Foods", "Dairy"),
    "Construction": ("Bau", "Building"),
}
PLACES = (
    ("Hamburg", "Hamburg", "20095", "DE"),
    ("Leipzig", "Sachsen", "04109", "DE"),
    ("Aarhus", "Midtjylland", "8000", "DK"),
    ("Malmö", "Skåne", "211 20", "SE"),
    ("Ghent", "Oost-Vlaanderen", "9000", "BE"),
    ("Utrecht", "Utrecht", "3511", "NL"),
    ("Wrocław", "Dolnośląskie", "50-001", "PL"),
    ("Brno", "Jihomoravský", "602 00", "CZ"),
    ("Torino", "Piemonte", "10121", "IT"),
    ("Zürich", "Zürich", "8001", "CH"),
    ("Sevilla", "Andalucía", "41001", "ES"),
    ("Porto", "Porto", "4000", "PT"),
    ("Columbus", "Ohio", "43085", "US"),
    ("Portland", "Oregon", "97201", "US"),
)
STREETS = ("Hafenstraße", "Station Road", "Via Roma", "Canal Street", "Lindenweg", "Mill Lane", "Kerkstraat")
TITLES = (
    "Head of Operations",
    "Plant Manager",
    "IT Director",
    "Purchasing Lead",
    "Warehouse Manager",
    "Managing Director",
    "Process Engineer",
)
INTEREST = ("Picking cell", "Palletizer", "Inspection camera", "Fleet control", "Assembly station")
TIMEFRAME = ("This quarter", "Next quarter", "Within six months", "This year", "Just looking")
SOURCES = (
    ("Web form", "Contact page", ""),
    ("Trade fair", "Hall 4", "Automation Days"),
    ("Webinar", "Recording watched", "Robots for small batches"),
    ("Referral", "By a customer", ""),
    ("Newsletter", "Case study", "Spring mailing"),
)
WISHES = (
    "Wants to automate the last manual step on two lines and asks for a visit.",
    "Compares three vendors; delivery before the season matters more than price.",
    "Has a working pilot and needs somebody nearby who can extend it.",
    "Asks for references in the same industry and a rough price.",
    "Replaces equipment that is out of service contract at the end of the year.",
)


def prospect(random: Random) -> dict[str, Any]:
    """Values for one lead, believable together."""
    industry = random.choice(list(TRADE))
    company = f"{random.choice(COMPANY)} {random.choice(TRADE[industry])}"
    first, last = random.choice(FIRST), random.choice(LAST)
    city, state, postal_code, country = random.choice(PLACES)
    source, source_detail, campaign = random.choice(SOURCES)
    domain = f"{company.split()[0].lower()}.example"
    has_budget = random.random() < 0.75
    return {
        "company": company,
        "first_name": first,
        "last_name": last,
        "title": random.choice(TITLES),
        "email": f"{_ascii(first)}.{_ascii(last)}@{domain}",
        "phone": f"+{random.randint(31, 49)} {random.randint(20, 99)} {random.randint(100000, 999999)}",
        "website": f"https://{domain}",
        "street": f"{random.choice(STREETS)} {random.randint(1, 180)}",
        "city": city,
        "state": state,
        "postal_code": postal_code,
        "country": country,
        "industry": industry,
        "employees": random.choice((12, 35, 80, 140, 260, 520, 1200, 3400)),
        "product_interest": random.choice(INTEREST),
        "budget": Decimal(random.randint(8, 240) * 1000) if has_budget else None,
        "budget_currency": ("USD" if country == "US" else "EUR") if has_budget else "",
        "timeframe": random.choice(TIMEFRAME),
        "description": random.choice(WISHES),
        "source": source,
        "source_detail": source_detail,
        "campaign": campaign,
        "language": {"DE": "de", "ES": "es", "IT": "it", "PL": "pl"}.get(country, "en"),
    }


def _ascii(name: str) -> str:
    plain = str.maketrans("áéèëíóúñöüäåøłąćžřě", "aeeeiounouaaolaczre")
    return "".join(c for c in name.lower().translate(plain) if c.isascii() and c.isalpha())

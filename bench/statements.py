"""How Postgres makes the leads and what hangs on them. Expects a temporary table size (portal_id, leads)."""

FIRST = (
    *("Kestrel", "Nordic", "Orchard", "Tidewater", "Saffron", "Harbor", "Volt", "Aerolume", "Summit", "Granite"),
    *(
        "Meridian",
        "Copper",
        "Juniper",
        "Falcon",
        "Willow",
        "Beacon",
        "Cobalt",
        "Delta",
        "Ember",
        "Fjord",
        "Glacier",
    ),
    *("Helix", "Indigo", "Jasper", "Keystone", "Lumen", "Monsoon", "Nimbus", "Opal", "Pioneer", "Quartz", "Ridge"),
    *("Sable", "Tundra", "Umber", "Vertex", "Wharf", "Yarrow", "Zenith", "Alder", "Birch", "Cedar", "Dune", "Elm"),
)
SECOND = (
    *("Biotech", "Logistics", "Medical", "Energy", "Grid", "Robotics", "Foods", "Textiles", "Rail", "Marine"),
    *("Optics", "Metals", "Paper", "Software", "Media", "Motors", "Pharma", "Plastics", "Retail", "Telecom"),
    *("Timber", "Tools", "Travel", "Water", "Works", "Glass", "Farms", "Cables", "Bakery", "Clinic", "Studios"),
)
FORMS = ("GmbH", "BV", "Ltd", "SARL", "AG", "Inc", "AB", "SpA", "Oy", "and Sons")
GIVEN = (
    *("Anna", "Bruno", "Carla", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Klara", "Leon"),
    *("Mila", "Noah", "Olga", "Pavel", "Quinn", "Rosa", "Stefan", "Tessa", "Ugo", "Vera", "Walter", "Yara"),
)
FAMILY = (
    *("Novak", "Schmidt", "Rossi", "Dubois", "Jansen", "Larsen", "Moreau", "Keller", "Fischer", "Silva", "Costa"),
    *("Weber", "Berg", "Lindqvist", "Horvat", "Kowalski", "Nagy", "Popescu", "Ivanov", "Garcia", "Lopez", "Meyer"),
)
CITIES = (
    *("Ghent", "Antwerp", "Utrecht", "Lille", "Aarhus", "Bremen", "Hamburg", "Rotterdam", "Lyon", "Porto", "Turin"),
    *("Graz", "Basel", "Malmo", "Bergen", "Tampere", "Gdansk", "Brno", "Leeds", "Cork", "Bilbao", "Trieste"),
)


def _array(words: tuple[str, ...]) -> str:
    return "ARRAY[" + ",".join(f"'{word}'" for word in words) + "]"


def _one_of(words: tuple[str, ...]) -> str:
    return f"({_array(words)})[1 + floor(random() * {len(words)})::int]"


# As in prm/organizations/ids.py: the time in front, so that new rows stand side by side in an index.
_ID = (
    "(lpad(to_hex((extract(epoch from {at}) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)"
    " || '8' || substr(md5(random()::text), 4, 15))::uuid"
)

PARTNERS = """
CREATE TEMP TABLE partner AS
SELECT o.portal_id, row_number() OVER (PARTITION BY o.portal_id ORDER BY o.id) AS place,
       count(*) OVER (PARTITION BY o.portal_id) AS places, o.id AS organization, m.id AS person
FROM organizations_organization o
JOIN users_membership m ON m.portal_id = o.portal_id AND m.organization_id = o.id
WHERE o.kind = 'partner'
"""
# Two years of leads, the portals' mixed as they come in. The square makes few partners have most of them.
DRAWN = f"""
CREATE TEMP TABLE drawn AS
SELECT s.portal_id, 1000 + i AS number, now() - interval '730 days' * (1 - i::float / s.leads) AS created_at,
       random() AS fate, 1 + floor(power(random(), 2) * p.places)::int AS place,
       {_one_of(FIRST)} || ' ' || {_one_of(SECOND)} AS name, {_one_of(FORMS)} AS form,
       {_one_of(GIVEN)} AS first_name, {_one_of(FAMILY)} AS last_name, {_one_of(CITIES)} AS city,
       (1e8 + random() * 8e8)::bigint AS digits
FROM size s JOIN partner p ON p.portal_id = s.portal_id AND p.place = 1, LATERAL generate_series(1, s.leads) i
"""
LEADS = f"""
INSERT INTO leads_lead (id, portal_id, number, status, company, first_name, last_name, title, email, phone, mobile,
    website, street, city, state, postal_code, country, industry, employees, product_interest, budget,
    budget_currency, timeframe, description, source, source_detail, campaign, language, internal_notes,
    organization_id, assignee_id, assigned_by_id, assigned_at, opened_by_id, opened_at, closed_at, lost_reason_id,
    created_by_id, created_at, updated_at, version, unseen_edits)
SELECT {_ID.format(at="created_at")}, d.portal_id, number,
    CASE WHEN fate < .2 THEN 'unassigned' WHEN fate < .35 THEN 'assigned' WHEN fate < .45 THEN 'opened'
         WHEN fate < .6 THEN 'working' WHEN fate < .65 THEN 'converted' WHEN fate < .8 THEN 'won' ELSE 'lost' END,
    name || ' ' || form, first_name, last_name, 'Head of operations',
    lower(first_name || '.' || last_name || number || '@' || replace(name, ' ', '-') || '.example'),
    '+49 30 ' || digits, '', 'https://www.' || lower(replace(name, ' ', '-')) || '.example/',
    'Main street ' || number % 200, city, '', (10000 + number % 80000)::text, 'DE', 'Manufacturing', 250,
    'Picking cell with conveyor', 1000 * (10 + number % 190), 'EUR', 'This quarter',
    'Asked for a visit and an offer after the fair; has two halls and works in three shifts.',
    'Web form', '', 'Autumn fair', 'en', '',
    CASE WHEN fate >= .2 THEN p.organization END, CASE WHEN fate >= .2 THEN p.person END, NULL,
    CASE WHEN fate >= .2 THEN created_at + interval '1 hour' END,
    CASE WHEN fate >= .35 THEN p.person END,
    CASE WHEN fate >= .35 THEN created_at + interval '5 hours' END,
    CASE WHEN fate >= .6 THEN created_at + interval '9 days' END, NULL, NULL,
    created_at, created_at + interval '5 hours', 3, 0
FROM drawn d JOIN partner p ON p.portal_id = d.portal_id AND p.place = d.place ORDER BY created_at
"""
NUMBERS = f"""
INSERT INTO organizations_counter (id, portal_id, name, value)
SELECT {_ID.format(at="now()")}, portal_id, 'lead', 1000 + leads FROM size
"""
CONVERTED = f"""
CREATE TEMP TABLE converted AS
SELECT l.*, {_ID.format(at="l.closed_at")} AS account, {_ID.format(at="l.closed_at")} AS contact,
       {_ID.format(at="l.closed_at")} AS deal,
       1000 + row_number() OVER (PARTITION BY l.portal_id ORDER BY l.closed_at) AS deal_number,
       (SELECT s.id FROM deals_dealstage s
        WHERE s.portal_id = l.portal_id AND s.position = 1 + l.number % 4) AS stage
FROM leads_lead l WHERE l.status = 'converted'
"""
ACCOUNTS = """
INSERT INTO deals_account (id, portal_id, name, website, street, city, state, postal_code, country, industry)
SELECT account, portal_id, company, website, street, city, state, postal_code, country, industry FROM converted
"""
CONTACTS = """
INSERT INTO deals_contact (id, portal_id, account_id, first_name, last_name, title, email, phone, mobile)
SELECT contact, portal_id, account, first_name, last_name, title, email, phone, mobile FROM converted
"""
DEALS = """
INSERT INTO deals_deal (id, portal_id, number, name, amount, currency, stage_id, status, close_date, next_step,
    description, organization_id, owner_id, lead_id, account_id, contact_id, created_at, updated_at, version)
SELECT deal, portal_id, deal_number, company || ', picking cell', budget, budget_currency, stage, 'open',
    (closed_at + interval '60 days')::date, '', '', organization_id, assignee_id, id, account, contact,
    closed_at, closed_at, 1
FROM converted
"""
DEAL_NUMBERS = f"""
INSERT INTO organizations_counter (id, portal_id, name, value)
SELECT {_ID.format(at="now()")}, portal_id, 'deal', max(deal_number) FROM converted GROUP BY portal_id
"""


def _event(kind: str, *, at: str, actor: str = "NULL", concerns: str = "organization_id") -> str:
    """One event of this kind for every fourth lead to which it has happened."""
    return f"""
INSERT INTO events_event (id, portal_id, kind, subject_type, subject_id, organization_id, is_private, actor_id, at,
    changed_fields, facts, request_id)
SELECT {_ID.format(at=at)}, portal_id, '{kind}', 'leads.lead', id, {concerns}, false, {actor}, {at},
    '{{}}', '{{}}', ''
FROM leads_lead WHERE number % 4 = 0 AND {at} IS NOT NULL
"""


EVENTS = (
    _event("lead_created", at="created_at", concerns="NULL"),
    _event("lead_assigned", at="assigned_at"),
    _event("lead_opened", at="opened_at", actor="opened_by_id"),
)
ALL = (
    *(PARTNERS, DRAWN, LEADS, NUMBERS, CONVERTED, ACCOUNTS, CONTACTS, DEALS, DEAL_NUMBERS),
    *EVENTS,
)

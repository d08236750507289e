"""Sabotage of what guards accounts: guesses, sessions, second factors, single sign-on, looking as another."""

from tests.mutants.mutant import Mutant

GUESSES, SESSIONS, CODES = "prm/users/guesses.py", "prm/users/sessions.py", "prm/users/second_factor.py"
OPENID, SSO_TESTS = "prm/sso/openid.py", "tests/abuse/test_single_sign_on.py"
OWN_SESSIONS, GUESSING = "tests/users/test_own_sessions.py", "tests/abuse/test_guessing.py"

MUTANTS = [
    Mutant(
        "nobody is slowed down",
        GUESSES,
        "        if until > timezone.now():",
        "        if until is None:",
        GUESSING,
        "Passwords are guessed by trying.",
    ),
    Mutant(
        "an attacker's guesses are forgotten when the owner signs in",
        GUESSES,
        "        if self.is_own:\n            Guesses",
        "        if self.counts:\n            Guesses",
        "tests/users/test_guesses.py -k right_guess",
        "The owner's daily sign-in would give free guesses to everybody.",
    ),
    Mutant(
        "a sender may invent the own address",
        "prm/serving/client.py",
        "    if settings.PRM_PROXIES:",
        "    if not settings.PRM_PROXIES and request.META.get('HTTP_X_FORWARDED_FOR'):\n"
        "        given = request.META['HTTP_X_FORWARDED_FOR'].partition(',')[0]\n"
        "    if settings.PRM_PROXIES:",
        f"{GUESSING} -k forged",
        "Each guess would come from somewhere else.",
    ),
    Mutant(
        "a session that has ended goes on",
        SESSIONS,
        "Session.objects.filter(digest=digest, expires_at__gt=now)",
        "Session.objects.filter(digest=digest)",
        OWN_SESSIONS,
        "A forgotten browser in a hotel.",
    ),
    Mutant(
        "a session goes on as long as it is used",
        SESSIONS,
        "_rows(self.session_key).update(expires_at=policy().end_of(self.row.begun_at, now), **seen)",
        "_rows(self.session_key).update(expires_at=policy().end_of(now, now), **seen)",
        f"{OWN_SESSIONS} -k twelve_hours",
        "Who steals a session only has to use it.",
    ),
    Mutant(
        "the table holds the sessions' keys",
        SESSIONS,
        'return hashlib.sha256((key or "").encode()).hexdigest()',
        'return key or ""',
        f"{OWN_SESSIONS} -k key_in_the_cookie",
        "A stolen dump would be everybody's session.",
    ),
    Mutant(
        "a code of the app is good twice",
        CODES,
        '            row.data["used_step"] = step',
        '            row.data["seen_step"] = step',
        "tests/abuse/test_accounts.py -k case_43_a_code",
        "Who looks over a shoulder has half a minute.",
    ),
    Mutant(
        "wrong codes are not counted",
        CODES,
        "        if series.add():",
        "        if series is None:",
        "tests/abuse/test_accounts.py -k case_43_ten",
        "Six digits are guessed in an hour.",
    ),
    Mutant(
        "nobody has to set up a second factor",
        CODES,
        "    return asks and not has_second_factor(member.user)",
        "    return False",
        "tests/users/test_second_factor.py -k required_leads",
        "The portal's administrator has asked for it.",
    ),
    Mutant(
        "a provider's answer to somebody else is good",
        OPENID,
        "            audience=client.client_id,",
        "            audience=jwt.decode(token, options={'verify_signature': False}).get('aud'),",
        f"{SSO_TESTS} -k openid",
        "Another program's sign-in would open ours.",
    ),
    Mutant(
        "a provider's answer may be played again",
        OPENID,
        'str(proven.get("nonce", "")).encode(errors="replace"), nonce.encode())',
        "nonce.encode(), nonce.encode())",
        f"{SSO_TESTS} -k openid",
        "Who reads an answer once could use it in another browser.",
    ),
    Mutant(
        "an assertion for another service is good",
        "prm/sso/saml.py",
        "    if service.entity_id not in [",
        "    if None in [",
        f"{SSO_TESTS} -k saml",
        "Another program's sign-in would open ours.",
    ),
    Mutant(
        "a provider brings in who was disabled",
        "prm/sso/people.py",
        "    if active_member(member.user) is None:",
        "    if member is None:",
        "tests/abuse/test_single_sign_on_only.py -k disabling tests/sso",
        "Disabling here counts, whatever they say over there.",
    ),
    Mutant(
        "a viewing goes on after its time",
        "prm/users/models/viewing.py",
        "return self.filter(ended_at=None, ends_at__gt=timezone.now())",
        "return self.filter(ended_at=None)",
        "tests/users/test_viewing.py -k ends_by_itself",
        "It was allowed for half an hour.",
    ),
    Mutant(
        "a viewing shows what stays inside an organization",
        "leads/models.py",
        """        rows = self if member.viewer is None else self.visible_to(member.viewer)
        own = Q(""",
        """        rows = self
        own = Q(""",
        "tests/users/test_viewing.py -k inside_the_organization",
        "Internal stays internal.",
    ),
    Mutant(
        "an expired key goes on",
        "prm/users/models/people.py",
        "Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()), revoked_at=None)",
        "revoked_at=None)",
        "tests/abuse/test_keys.py -k until_its_end",
        "The end is what makes a lost key harmless.",
    ),
    Mutant(
        "a revoked key goes on",
        "prm/users/models/people.py",
        "Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()), revoked_at=None)",
        "Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()))",
        "tests/api/test_authentication.py -k revoked",
        "Revoking is what one does when a key is lost.",
    ),
    Mutant(
        "whoever knows a file's id reads it",
        "prm/files/models.py",
        "        return self.filter(seen)",
        "        return self",
        "tests/abuse/test_files.py -k owner_and_purpose",
        "Owner and purpose decide, never the knowledge of an id.",
    ),
]

"""Sabotage of the ways in: sign-in, sessions, invitations, keys, forms, hosts, headers."""

from tests.mutants.mutant import Mutant

SIGN_IN, INVITATIONS = "prm/users/sign_in.py", "prm/users/invitations.py"
KEYS, SETTINGS = "prm/api/authentication.py", "prm/settings.py"
KEY_TESTS, INVITATION_TESTS = "tests/api/test_authentication.py", "tests/users/test_invitations.py"

MUTANTS = [
    Mutant(
        "whoever has an account may enter every portal",
        SIGN_IN,
        "        return user if active_member(user) else None",
        "        return user",
        "tests/organizations/test_sessions.py tests/users/test_sign_in.py",
        "Credentials are the account's; the way in is the membership.",
    ),
    Mutant(
        "sign-in leads to any address",
        SIGN_IN,
        "return url_has_allowed_host_and_scheme(url, {self.request.get_host()}, self.request.is_secure())",
        "return bool(url)",
        "tests/users/test_guarded.py tests/users/test_entrance_pages.py",
        "An open redirect lends our name to a thief.",
    ),
    Mutant(
        "a reset link is mailed to who has no business here",
        SIGN_IN,
        """        member = active_member(user)
        if member is not None:
            actions.ask_password_reset(member)""",
        """        member = Membership.objects.filter(user=user).first()
        if member is not None:
            actions.ask_password_reset(member)""",
        "tests/users/test_password_reset.py -k alike",
        "The first of three looks: sending asks again, and so does the link. None is to lean on the others.",
    ),
    Mutant(
        "an invitation never grows old",
        INVITATIONS,
        ", max_age=timedelta(days=settings.INVITATION_DAYS))",
        ")",
        INVITATION_TESTS,
        "Old mail is found by others.",
    ),
    Mutant(
        "an old invitation lives beside the new one",
        INVITATIONS,
        " or member.invited_at.isoformat() != invited_at:",
        ":",
        INVITATION_TESTS,
        "Sending anew is how a lost link is made worthless.",
    ),
    Mutant(
        "an invitation is accepted twice",
        "prm/users/actions.py",
        """    if member.status != Membership.Status.INVITED:
        raise Refused(_("This invitation was accepted already."))
""",
        "",
        "tests/users/test_actions.py",
        "Two tabs, or two people with one mail.",
    ),
    Mutant(
        "an invitation sets the password of a known account",
        "prm/users/actions.py",
        "    if password is not None and not member.user.has_usable_password():",
        "    if password is not None:",
        "tests/users/test_actions.py",
        "Any vendor could take over any account by inviting it.",
    ),
    Mutant(
        "an invitation asks a known account for no password",
        "prm/users/views/people.py",
        "        if form.is_known and get_adapter()",
        "        if form.is_known is None and get_adapter()",
        INVITATION_TESTS,
        "The mail alone would open somebody's account.",
    ),
    Mutant(
        "a key for reading writes",
        KEYS,
        "    if key and key.scope != ApiKey.Scope.WRITE and request.method not in SAFE_METHODS:",
        "    if key and key.scope == ApiKey.Scope.WRITE and request.method not in SAFE_METHODS | {request.method}:",
        KEY_TESTS,
        "The scope is what the key was given out with.",
    ),
    Mutant(
        "a disabled person's key goes on",
        "prm/users/models/people.py",
        'self.filter(is_signed_up("membership__")).annotate(',
        "self.annotate(",
        KEY_TESTS,
        "A disabled person's robots would go on.",
    ),
    Mutant(
        "a key is kept as it is",
        "prm/users/models/people.py",
        "return hashlib.sha256(secret.encode()).hexdigest()",
        "return secret[:64]",
        "tests/users/test_actions.py -k api_key",
        "A stolen dump would open the API.",
    ),
    Mutant(
        "the API asks a session for no CSRF token",
        KEYS,
        "        if reason := check.process_view(request._request, None, (), {}):",
        "        if reason := check.process_request(request._request):",
        KEY_TESTS,
        "Any page on the web could write with the visitor's session.",
    ),
    Mutant(
        "one page asks for no CSRF token",
        "leads/urls.py",
        'register_converter(LeadCode, "lead")\n',
        'register_converter(LeadCode, "lead")\nrecord.lead_recall.csrf_exempt = True\n',
        "tests/guards/test_urls.py",
        "One forgotten exemption is enough.",
    ),
    Mutant(
        "a reset link lives for days",
        SETTINGS,
        "PASSWORD_RESET_TIMEOUT = 60 * 60",
        "PASSWORD_RESET_TIMEOUT = 60 * 60 * 72",
        "tests/users/test_password_reset.py -k hour",
        "Old mail is found by others.",
    ),
    Mutant(
        "production hashes passwords as the tests do",
        SETTINGS,
        'if PRM_ENVIRONMENT == "test":',
        "if PRM_ENVIRONMENT:",
        "tests/serving/test_settings.py",
        "MD5 is guessed a billion times a second.",
    ),
    Mutant(
        "cookies travel in the clear",
        SETTINGS,
        'SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRM_SCHEME == "https"',
        "SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False",
        "tests/serving/test_settings.py",
        "Whoever shares the network would have the session.",
    ),
    Mutant(
        "every host is ours",
        SETTINGS,
        'ALLOWED_HOSTS = [_host, f".{_host}", "127.0.0.1", "[::1]", *filter(None, [PRM_OPERATORS_HOST])]',
        'ALLOWED_HOSTS = ["*"]',
        "tests/serving/test_hosts.py",
        "Links in mails would lead where the sender of a request wants.",
    ),
    Mutant(
        "answers carry no policy",
        SETTINGS,
        '    "prm.serving.headers.HeadersMiddleware",\n',
        "",
        "tests/serving/test_headers.py",
        "The browser would run what somebody smuggled in.",
    ),
    Mutant(
        "answers stay in caches",
        "prm/serving/headers.py",
        '    "Cache-Control": "no-store, private",',
        '    "Cache-Control": "private",',
        "tests/serving/test_headers.py",
        "The next one at this computer presses Back.",
    ),
]

"""What "single sign-on only" closes is every page that has to do with passwords, and no list forgets one."""

from prm.sso.ways import WAYS
from tests.guards.routes import routes

NO_WAYS = {
    "account_logout": "the way out",
    "account_signup": "leads to the sign-in page",
    "users:profile": "name, phone, language in this portal",
    "users:sessions": "of this portal",
    "users:end_session": "of this portal",
    "users:keys": "of this portal; they open the API only",
    "users:revoke_key": "of this portal; they open the API only",
    "users:end_other_sessions": "of this portal",
    "sso:login": "single sign-on itself",
    "sso:callback": "single sign-on itself",
    "sso:acs": "single sign-on itself",
    "sso:finish": "single sign-on itself",
    "sso:metadata": "names nobody",
    "home": "leads to sign-in",
    "home:manifest": "a name and a colour",
    "home:icon": "a picture",
    "home:favicon": "a picture",
    "organizations:theme": "the stylesheet with three colours, on sign-in pages too",
    "script": "the script of all pages",
    "users:end_viewing": "back to oneself",
    "organizations:logo": "a picture",
    "security_txt": "names nobody",
    "security_policy": "names nobody",
    "robots_txt": "names nobody",
    "events:unsubscribe": "can only stop mails",
    "events:outbox": "development only",
    "events:outbox_mail": "development only",
    "schema": "names nobody",
}
"""Public pages, and pages about oneself, that let nobody in and change no account."""
OF_THE_VENDOR = frozenset(
    ["list", "edit", "disable", "enable", "resend", "sign_out", "invite", "security", "view_as"]
) | {"disable_many", "enable_many", "resend_many"}


def test_every_page_about_accounts_is_a_way_or_none() -> None:
    """Whatever anybody may ask for, and whatever users and allauth show, is on one of the two lists."""
    concerned = {
        route.name
        for route in routes()
        if route.is_public
        or route.name == "schema"
        or route.name.startswith(("account_", "mfa_"))
        or (route.name.startswith("users:") and route.name.removeprefix("users:") not in OF_THE_VENDOR)
    }

    assert concerned == set(WAYS) | set(NO_WAYS)
    assert not set(WAYS) & set(NO_WAYS)

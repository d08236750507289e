"""The ways in and around that are not single sign-on, by URL name: what "single sign-on only" closes.

tests/guards/test_ways.py compares with the resolver, so that a new page about passwords has to be put here.
"""

from enum import Enum


class Way(Enum):
    PASSWORD = "closed while the portal is entered by single sign-on only"
    ACCOUNT = "changes the account that all portals share: closed to whoever came in by a provider of one"


WAYS = {
    "account_login": Way.PASSWORD,  # to send it; the page itself shows the providers' buttons
    "account_reset_password": Way.PASSWORD,
    "account_reset_password_done": Way.PASSWORD,
    "account_reset_password_from_key": Way.PASSWORD,
    "account_reset_password_from_key_done": Way.PASSWORD,
    "mfa_authenticate": Way.PASSWORD,  # the second step after a password
    "users:invitation": Way.PASSWORD,
    "account_change_password": Way.ACCOUNT,
    "account_reauthenticate": Way.ACCOUNT,
    "mfa_reauthenticate": Way.ACCOUNT,
    "mfa_index": Way.ACCOUNT,
    "mfa_activate_totp": Way.ACCOUNT,
    "mfa_deactivate_totp": Way.ACCOUNT,
    "mfa_view_recovery_codes": Way.ACCOUNT,
    "users:email": Way.ACCOUNT,
    "users:email_confirm": Way.ACCOUNT,
}
SHOWN_ALL_THE_SAME = frozenset({"account_login"})

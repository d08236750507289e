"""What a provider says about somebody, whatever the protocol, and how it fails to."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from prm.serving.headers import is_plain

LONGEST = 500
WORDS = {
    "unasked": _("This sign-in was not begun in this browser, or too long ago. Please try again."),
    "reused": _("This answer was used already. Please sign in again."),
    "denied": _("The provider did not let you in."),
    "unreachable": _("The provider could not be reached. Please try again in a moment."),
    "unsigned": _("The provider's answer carries no signature that we accept."),
    "signature": _("The provider's answer is not signed with one of its keys."),
    "issuer": _("The answer comes from another provider."),
    "audience": _("The answer was meant for somebody else."),
    "recipient": _("The answer was meant for another address."),
    "request": _("The answer does not belong to the question that was asked."),
    "nonce": _("The answer does not belong to the question that was asked."),
    "expired": _("The answer has run out. Please try again."),
    "malformed": _("The provider's answer cannot be read."),
    "no_subject": _("The provider does not say who you are in a way that lasts."),
    "no_email": _("The provider does not say your e-mail address."),
    "unverified": _("The provider has not verified your e-mail address."),
    "domain": _("Your e-mail address is of no domain that this provider speaks for here."),
    "unknown": _("You are not in this portal. Please ask whoever works with it to invite you."),
    "other_subject": _("Somebody else of the provider signs in with this address. Please ask the administrator."),
    "lapsed": _("Your invitation has run out. Please ask for a new one."),
    "disabled": _("You can no longer sign in here. Please ask the administrator."),
    "switched_off": _("This way in is closed."),
}
"""Why somebody is not let in, by code; the code stands in the audit entry."""


class NotLetIn(Exception):
    """A sign-in ends here. `detail` is for the administrator who tests, never for a stranger."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail

    @property
    def words(self) -> str:
        return str(WORDS[self.code])


@dataclass(frozen=True)
class Claims:
    """A proven answer: signature, issuer, audience, time and question were right."""

    subject: str
    email: str = ""
    is_email_verified: bool | None = None  # None: the provider does not say
    others: tuple[str, ...] = field(default=())  # names of what else was sent, for the test page

    def __post_init__(self) -> None:
        if not self.subject or len(self.subject) > LONGEST:
            raise NotLetIn("no_subject")
        if len(self.email) > LONGEST or not is_plain(self.subject + self.email):
            raise NotLetIn("malformed")

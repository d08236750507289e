"""The end of a test: what an administrator learns about a provider by going there and coming back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from prm.sso.actions import pass_test
from prm.sso.claims import Claims, NotLetIn
from prm.sso.models import IdentityProvider
from prm.sso.people import link, vouched_address
from prm.sso.sessions import SESSION_PROOF
from prm.users.access import Permission
from prm.users.models import Membership


def finish_test(
    request: HttpRequest, provider: IdentityProvider, tester: str, answer: Claims | NotLetIn
) -> HttpResponse:
    """Back to the provider's settings, with the result in words. Nobody is signed in by a test."""
    member: Membership | None = request.membership  # type: ignore[attr-defined]
    if member is None or str(member.pk) != tester or not member.can(Permission.MANAGE_PORTAL):
        messages.error(request, _("You are no longer signed in as the one who began the test."))
        return redirect("account_login")
    try:
        if isinstance(answer, NotLetIn):
            raise answer
        email = vouched_address(provider, answer)
        words = _("The test has passed. The provider calls you “%(subject)s” and vouches for %(email)s.")
        said = words % {"subject": answer.subject, "email": email}
        if email == member.email:
            identity = link(provider, member, answer)
            request.session[SESSION_PROOF] = str(identity.pk)
        else:
            said += " " + _("That is not your own address here, so it will not sign you in.")
        pass_test(provider, by=member)
    except NotLetIn as no:
        messages.error(request, _result(no, answer))
    else:
        messages.success(request, said)
    return redirect("sso:provider", provider.pk)


def _result(no: NotLetIn, answer: Claims | NotLetIn) -> str:
    said = [_("The test has failed."), no.words]
    if no.detail:
        said.append(f"({no.detail})")
    if isinstance(answer, Claims) and answer.others:
        said.append(_("What it sends: %(names)s.") % {"names": ", ".join(answer.others)})
    return " ".join(said)

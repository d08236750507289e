"""The way to a provider and back in. Anonymous pages: what they believe stands in signed cookies and answers.

What has to be asked of a provider is asked before the page's transaction (`talks_first`), and only for a
browser that carries a trip we have signed.
"""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from prm.organizations.context import inside
from prm.organizations.middleware import talks_first
from prm.organizations.models import Portal
from prm.serving.outbound import Unreachable
from prm.sso import openid, round_trip, saml
from prm.sso.claims import Claims, NotLetIn
from prm.sso.looking import is_first_look, note_refusal, was_looked_at
from prm.sso.models import Identity, IdentityProvider
from prm.sso.people import identify
from prm.sso.round_trip import Answered, RoundTrip, random_word
from prm.sso.sessions import begin_session
from prm.sso.views.trial import finish_test
from prm.users.access import public_page

DISCOVERED_FOR = timedelta(days=1)
WHY = "whoever signs in is not signed in yet; the provider's proven answer is the key"


# --- There ------------------------------------------------------------------------------------------------


def discover_first(request: HttpRequest, slug: str) -> None:
    """Reads the provider's discovery document when ours is a day old."""
    with inside(_portal(request)):
        provider = IdentityProvider.objects.filter(slug=slug).first()
        if provider is None or provider.is_saml or not _may_go(request, provider):
            return
        at = provider.endpoints_at
    if at is not None and at > timezone.now() - DISCOVERED_FOR:
        return
    try:
        request.discovered = openid.discover(provider.issuer)  # type: ignore[attr-defined]
    except Unreachable as error:
        request.undiscovered = str(error)  # type: ignore[attr-defined]


@public_page(WHY)
@talks_first(discover_first)
@require_GET
def login(request: HttpRequest, slug: str) -> HttpResponse:
    """Off to the provider, from the portal's own host: the provider knows no other."""
    provider = _provider(request, slug)
    if not _may_go(request, provider):
        raise Http404
    portal = _portal(request)
    if request.get_host() != urlsplit(portal.url()).netloc:
        return redirect(portal.url(request.get_full_path()))
    tester = _tester(request, provider)
    if provider.is_saml:
        url, state = saml.question(service_of(provider))
        trip = RoundTrip(str(provider.pk), state, to=_wanted(request), tester=tester)
    else:
        if not _note_discovery(request, provider):
            return _unreachable(request, provider, tester)
        trip = RoundTrip(
            str(provider.pk), random_word(), random_word(), random_word(), to=_wanted(request), tester=tester
        )
        url = openid.question(client_of(provider), trip)
    response = HttpResponseRedirect(url)
    round_trip.set_out(request, response, trip)
    return response


def _note_discovery(request: HttpRequest, provider: IdentityProvider) -> bool:
    """Keep what was read just now; whether the provider's addresses are known, of today or before."""
    found = getattr(request, "discovered", None)
    if found is not None:
        provider.endpoints, provider.endpoints_at = found, timezone.now()
        provider.save(update_fields=["endpoints", "endpoints_at"])
    return bool(provider.endpoints) and (found is not None or provider.endpoints_at is not None)


def _unreachable(request: HttpRequest, provider: IdentityProvider, tester: str) -> HttpResponse:
    reason = NotLetIn("unreachable", getattr(request, "undiscovered", ""))
    if tester:
        return finish_test(request, provider, tester, reason)
    return _refused(request, reason)


# --- And back: OpenID Connect -----------------------------------------------------------------------------


def ask_first(request: HttpRequest, slug: str) -> None:
    """Exchanges the code for a proven answer, once, for the browser that asked: `request.answer`."""
    state = request.GET.get("state", "")
    try:
        with inside(_portal(request)):
            provider = IdentityProvider.objects.filter(slug=slug, protocol=IdentityProvider.Protocol.OIDC).first()
            if provider is None:
                return
            trip = _trip(request, provider, state)
            if not is_first_look(provider, state):
                raise NotLetIn("reused")
            client = client_of(provider)
        request.answer = openid.answer(client, trip, request.GET.dict())  # type: ignore[attr-defined]
    except NotLetIn as no:
        request.answer = no  # type: ignore[attr-defined]


@public_page(WHY)
@talks_first(ask_first)
@require_GET
def callback(request: HttpRequest, slug: str) -> HttpResponse:
    provider, state = _provider(request, slug), request.GET.get("state", "")
    if provider.is_saml:
        raise Http404
    answer: Claims | NotLetIn = request.answer  # type: ignore[attr-defined]
    trip = round_trip.trip_of(request, state)
    response = _arrived(request, provider, trip, answer, state)
    round_trip.arrive(response, state)
    return response


# --- And back: SAML -----------------------------------------------------------------------------------------


@public_page("the provider's page posts the answer here; its signature is the proof")
@csrf_exempt  # another site posts by nature; nothing is done before `finish`, which sees our own cookies
@require_POST
def acs(request: HttpRequest, slug: str) -> HttpResponse:
    """Proves the answer and hands it over to the next page: a post from elsewhere brings no cookies along."""
    provider = _saml_provider(request, slug)
    posted = request.POST.get("SAMLResponse", "")
    try:
        proof = saml.proof(service_of(provider), posted)
        answered = Answered(str(provider.pk), proof.request, proof.digest, claims=proof.claims)
    except NotLetIn as no:
        answered = Answered(str(provider.pk), saml.request_of(posted)[:200], "", no.code, no.detail)
    response = HttpResponseRedirect(reverse("sso:finish", args=[slug]))
    round_trip.hand_over(request, response, answered)
    return response


@public_page(WHY)
@require_GET
def finish(request: HttpRequest, slug: str) -> HttpResponse:
    provider, answered = _saml_provider(request, slug), round_trip.handed_over(request)
    if answered is None or answered.provider != str(provider.pk):
        return _refused(request, NotLetIn("unasked"))
    trip = round_trip.trip_of(request, answered.state)
    answer = _looked_at(request, provider, answered)
    response = _arrived(request, provider, trip, answer, answered.digest or answered.state)
    round_trip.arrive(response, answered.state)
    round_trip.forget_answer(response)
    return response


def _looked_at(request: HttpRequest, provider: IdentityProvider, answered: Answered) -> Claims | NotLetIn:
    """What the answer comes to in this browser: proven, asked for here, and neither used before."""
    if answered.claims is None:
        return NotLetIn(answered.code, answered.detail)
    if not is_first_look(provider, answered.digest):
        return NotLetIn("reused")
    try:
        _trip(request, provider, answered.state)
    except NotLetIn as no:
        return no
    return answered.claims if is_first_look(provider, answered.state) else NotLetIn("reused")


@public_page("our side of the agreement with a provider, which names nobody")
@require_GET
def metadata(request: HttpRequest, slug: str) -> HttpResponse:
    provider = _saml_provider(request, slug)
    return HttpResponse(saml.metadata(service_of(provider)), content_type="application/samlmetadata+xml")


# --- Arrival --------------------------------------------------------------------------------------------------


def _arrived(
    request: HttpRequest,
    provider: IdentityProvider,
    trip: RoundTrip | None,
    answer: Claims | NotLetIn,
    looked_at: str,
) -> HttpResponse:
    """Signed in, or not and noted; not noted where nothing of ours stands behind it: that could fill the log."""
    if trip is not None and trip.tester and not (isinstance(answer, NotLetIn) and answer.code == "reused"):
        return finish_test(request, provider, trip.tester, answer)
    try:
        if isinstance(answer, NotLetIn):
            raise answer
        if not provider.is_active:
            raise NotLetIn("switched_off")
        identity: Identity = identify(provider, answer)
    except NotLetIn as no:
        if trip is not None or was_looked_at(provider, looked_at):
            email = answer.email if isinstance(answer, Claims) else ""
            note_refusal(provider, no.code, answer=looked_at, email=email)
        return _refused(request, no)
    begin_session(request, identity)
    return redirect(trip.to if trip and trip.to else "home")


def _refused(request: HttpRequest, no: NotLetIn) -> HttpResponse:
    status = 403 if no.code in {"unknown", "disabled", "lapsed", "domain", "other_subject", "unverified"} else 400
    return render(request, "sso/refused.html", {"words": no.words}, status=status)


def _trip(request: HttpRequest, provider: IdentityProvider, state: str) -> RoundTrip:
    """This browser's trip to this provider. Raises NotLetIn."""
    trip = round_trip.trip_of(request, state)
    if trip is not None and trip.provider == str(provider.pk):
        return trip
    raise NotLetIn("reused" if was_looked_at(provider, state) else "unasked")


# --- What a page needs ------------------------------------------------------------------------------------------


def client_of(provider: IdentityProvider) -> openid.Client:
    return openid.Client(
        provider.issuer, provider.client_id, provider.secret, provider.url("callback"), provider.endpoints
    )


def service_of(provider: IdentityProvider) -> saml.Service:
    return saml.Service(
        issuer=provider.issuer,
        sso_url=provider.sso_url,
        certificates=saml.certificates_in(provider.certificates),
        entity_id=provider.url("metadata"),
        acs_url=provider.url("acs"),
        email_attribute=provider.email_attribute,
        subject_attribute=provider.subject_attribute,
    )


def _portal(request: HttpRequest) -> Portal:
    portal: Portal | None = request.portal  # type: ignore[attr-defined]
    if portal is None:
        raise Http404
    return portal


def _provider(request: HttpRequest, slug: str) -> IdentityProvider:
    _portal(request)
    provider: IdentityProvider | None = IdentityProvider.objects.filter(slug=slug).first()
    if provider is None:
        raise Http404
    return provider


def _saml_provider(request: HttpRequest, slug: str) -> IdentityProvider:
    provider = _provider(request, slug)
    if not provider.is_saml:
        raise Http404
    return provider


def _tester(request: HttpRequest, provider: IdentityProvider) -> str:
    return round_trip.tester_of(request, str(provider.pk)) if "test" in request.GET else ""


def _may_go(request: HttpRequest, provider: IdentityProvider) -> bool:
    return provider.is_active or bool(_tester(request, provider))


def _wanted(request: HttpRequest) -> str:
    """Where the person wanted to go, when that is a page of this portal."""
    wanted = request.GET.get("next", "")
    is_ours: Callable[[str], bool] = get_adapter(request).is_safe_url
    return wanted if wanted and is_ours(wanted) else ""

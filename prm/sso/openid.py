"""OpenID Connect Core 1.0, the code flow: the question, and what has to be right about the answer.

Facts in, claims out; the only thing this module touches is the provider. Signatures are PyJWT's.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from django.utils.translation import gettext as _

from prm.serving.outbound import Reply, Unreachable, checked_url, fetch
from prm.sso.claims import Claims, NotLetIn
from prm.sso.round_trip import RoundTrip

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Public keys only: with HS256 the client secret would sign, and with `none` nobody."""
LEEWAY = 30  # seconds that clocks may differ
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_VERIFIED = {"true": True, "false": False}  # some write it as text
KEPT = (*NEEDED, "userinfo_endpoint")


@dataclass(frozen=True)
class Client:
    """Ourselves, as the provider has registered us."""

    issuer: str
    client_id: str
    secret: str
    redirect_uri: str
    endpoints: Mapping[str, str]


def discover(issuer: str) -> dict[str, str]:
    """The provider's addresses, of its discovery document. Raises Unreachable, in words for the administrator."""
    document = _ok(fetch(issuer.rstrip("/") + "/.well-known/openid-configuration")).document()
    if document.get("issuer") != issuer:
        named = str(document.get("issuer", ""))[:200]
        raise Unreachable(_("The provider calls itself “%(issuer)s”: enter it exactly so.") % {"issuer": named})
    found = {name: document[name] for name in KEPT if isinstance(document.get(name), str)}
    for name in NEEDED:
        if name not in found:
            raise Unreachable(_("The provider's description lacks %(name)s.") % {"name": name})
    for url in found.values():
        checked_url(url)
    ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    found["auth"] = "post" if "client_secret_basic" not in ways and "client_secret_post" in ways else "basic"
    return found


def question(client: Client, trip: RoundTrip) -> str:
    """The address at the provider that the browser is sent to."""
    digest = hashlib.sha256(trip.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": "openid email profile",
        "state": trip.state,
        "nonce": trip.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    endpoint = client.endpoints["authorization_endpoint"]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def answer(client: Client, trip: RoundTrip, sent: Mapping[str, str]) -> Claims:
    """What the provider says, after the code was exchanged and every claim checked. Raises NotLetIn.

    `sent` are the parameters of the address that the browser came back to.
    """
    if sent.get("iss", client.issuer) != client.issuer:  # RFC 9207: a mix-up of two providers
        raise NotLetIn("issuer")
    if "error" in sent or not sent.get("code"):
        raise NotLetIn("denied", str(sent.get("error", ""))[:80])
    try:
        tokens = _exchange(client, trip, sent["code"])
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise NotLetIn("malformed", "id_token")
        proven = verified(token, client=client, nonce=trip.nonce)
        return _claims(proven, tokens, client)
    except Unreachable as error:
        raise NotLetIn("unreachable", str(error)) from error


def verified(token: str, *, client: Client, nonce: str) -> dict[str, Any]:
    """The ID token's claims: OpenID Connect Core 3.1.3.7, with the signature always checked."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS or str(header.get("typ", "JWT")).upper() != "JWT":
            raise NotLetIn("unsigned", str(header.get("alg"))[:20])
        proven: dict[str, Any] = jwt.decode(
            token,
            key=_key_for(header, client),
            algorithms=[header["alg"]],
            issuer=client.issuer,
            audience=client.client_id,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise NotLetIn("expired") from error
    except jwt.InvalidIssuerError as error:
        raise NotLetIn("issuer") from error
    except jwt.InvalidAudienceError as error:
        raise NotLetIn("audience") from error
    except jwt.InvalidSignatureError as error:
        raise NotLetIn("signature") from error
    except (jwt.PyJWTError, AttributeError, TypeError, ValueError) as error:  # keys that are none, too
        raise NotLetIn("malformed", type(error).__name__) from error
    several = isinstance(proven["aud"], list) and len(proven["aud"]) > 1
    if proven.get("azp", None if several else client.client_id) != client.client_id:
        raise NotLetIn("audience", "azp")
    if not secrets.compare_digest(str(proven.get("nonce", "")).encode(errors="replace"), nonce.encode()):
        raise NotLetIn("nonce")
    return proven


def _key_for(header: Mapping[str, Any], client: Client) -> Any:
    """The provider's key that the token names; where there is only one, it need not be named."""
    keys = _ok(fetch(client.endpoints["jwks_uri"])).document().get("keys", [])
    algorithm, name = header["alg"], header.get("kid")
    for key in keys:
        is_named = key.get("kid") == name if name is not None else len(keys) == 1
        if is_named and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm:
            return jwt.PyJWK(key, algorithm).key  # a key of another family than the algorithm's is an error
    raise NotLetIn("signature", "kid")


def _exchange(client: Client, trip: RoundTrip, code: str) -> dict[str, Any]:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": trip.verifier,
    }
    headers = {}
    if client.secret and client.endpoints.get("auth") != "post":
        pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"  # RFC 6749 2.3.1
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        fields["client_id"] = client.client_id
        if client.secret:
            fields["client_secret"] = client.secret
    reply = fetch(client.endpoints["token_endpoint"], fields=fields, headers=headers)
    if reply.status != 200:
        try:
            error = str(reply.document().get("error", reply.status))[:80]
        except Unreachable:
            error = str(reply.status)
        raise NotLetIn("denied", error)
    return reply.document()


def _claims(proven: Mapping[str, Any], tokens: Mapping[str, Any], client: Client) -> Claims:
    said = proven
    if "email" not in proven and "userinfo_endpoint" in client.endpoints and tokens.get("access_token"):
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        said = _ok(fetch(client.endpoints["userinfo_endpoint"], headers=bearer)).document()
        if said.get("sub") != proven["sub"]:  # Core 5.3.2: otherwise it may be anybody's
            raise NotLetIn("malformed", "userinfo")
    email = said.get("email", "")
    return Claims(
        subject=str(proven["sub"]),
        email=email if isinstance(email, str) else "",
        is_email_verified=_VERIFIED.get(str(said.get("email_verified", "")).lower()),
        others=tuple(sorted({*proven, *said})),
    )


def _ok(reply: Reply) -> Reply:
    if reply.status != 200:
        raise Unreachable(_("The answer was %(status)s.") % {"status": reply.status})
    return reply

"""Identity providers that speak the wire: OpenID Connect over HTTP on loopback, SAML as signed posts.

Correct until told otherwise: `faults` names what goes wrong with the next answers.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit
from xml.sax.saxutils import escape

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils


@cache
def rsa_key(name: str = "ours") -> rsa.RSAPrivateKey:
    """Made once for each name: it takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(name: str = "ours", *, days: int = 365, bits: int = 2048) -> str:
    """A self-signed certificate in PEM for `rsa_key(name)`."""
    key = rsa_key(name) if bits == 2048 else rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=800)).not_valid_after(now + timedelta(days=days))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@dataclass
class Person:
    """Who sits in front of the provider's sign-in page."""

    subject: str
    email: str
    is_email_verified: bool | None = True


# --- OpenID Connect -------------------------------------------------------------------------------------------


@dataclass
class OpenIdProvider:
    """`with OpenIdProvider() as provider:` serves until the end of the block."""

    client_id: str = "portal"
    client_secret: str = "a:secret/with%odd signs"
    person: Person = field(default_factory=lambda: Person("ada-1", "ada@acme.example"))
    faults: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)  # paths, in order
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    before_token: Callable[[], None] = lambda: None  # runs while the portal waits for the token

    def __enter__(self) -> "OpenIdProvider":
        handler = type("Handler", (_OpenIdHandler,), {"provider": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def sign_in(self, url: str) -> str:
        """The browser's visit: takes the address it was sent to, returns the one it is sent back to."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == self.issuer
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", self.client_id)
        if "denied" in self.faults:
            return f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        if "mixed_up" in self.faults:
            back["iss"] = "https://another.example"
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    # What it answers

    def discovery(self) -> dict[str, Any]:
        paths = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        return {
            "issuer": "https://another.example" if "other_discovery" in self.faults else self.issuer,
            **{f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in paths.items()},
            "jwks_uri": f"{self.issuer}/jwks",
            **({"token_endpoint_auth_methods_supported": ["client_secret_post"]} if "post" in self.faults else {}),
        }

    def jwks(self) -> dict[str, Any]:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True)
        return {"keys": [{**key, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    def tokens(self, fields: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """As strict as a provider is: the client, the code once, its address, and PKCE."""
        asked = self.codes.pop(fields.get("code", ""), None)
        if self._client_of(fields, authorization) != (self.client_id, self.client_secret):
            return 401, {"error": "invalid_client"}
        challenge = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        proves = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        shown = (fields.get("redirect_uri"), proves)
        if asked is None or (asked["redirect_uri"], asked["code_challenge"]) != shown:
            return 400, {"error": "invalid_grant"}
        assert asked["code_challenge_method"] == "S256"
        self.before_token()
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def _client_of(self, fields: dict[str, str], authorization: str) -> tuple[str, str]:
        if "post" in self.faults:
            return fields.get("client_id", ""), fields.get("client_secret", "")
        user, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return unquote(user), unquote(password)

    def id_token(self, nonce: str) -> str:
        claims: dict[str, Any] = {
            **self.userinfo(),
            "iss": self.issuer,
            "sub": self.person.subject,
            "aud": self.client_id,
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            "nonce": nonce,
        }
        key: Any = rsa_key()
        headers: dict[str, Any] = {"kid": "k1"}
        algorithm: str | None = "RS256"
        for fault in self.faults & _CLAIM_FAULTS.keys():
            claims |= _CLAIM_FAULTS[fault]
        for fault in self.faults & {"no_nonce", "no_exp", "no_sub"}:
            del claims[fault.removeprefix("no_")]
        if self.faults & {"thin_token", "other_userinfo"}:
            claims.pop("email"), claims.pop("email_verified", None)
        if "other_key" in self.faults:
            key = rsa_key("theirs")
        if "unknown_kid" in self.faults:
            headers["kid"] = "k2"
        if "access_token" in self.faults:
            headers["typ"] = "at+jwt"
        if "unsigned" in self.faults:
            algorithm, key = "none", None
        if "secret_signs" in self.faults:
            algorithm, key = "HS256", self.client_secret.ljust(32)
        if "public_key_signs" in self.faults:  # HS256 with what everybody knows
            algorithm, key = "HS256", self.jwks()["keys"][0]["n"]
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)

    def userinfo(self) -> dict[str, Any]:
        found: dict[str, Any] = {"sub": self.person.subject, "email": self.person.email}
        if self.person.is_email_verified is not None:
            found["email_verified"] = self.person.is_email_verified
        if "other_userinfo" in self.faults:
            found["sub"] = "somebody-else"
        return found


_CLAIM_FAULTS: dict[str, dict[str, Any]] = {
    "wrong_audience": {"aud": "another-client"},
    "several_audiences": {"aud": ["portal", "another-client"]},
    "wrong_party": {"azp": "another-client"},
    "wrong_nonce": {"nonce": "another"},
    "other_issuer": {"iss": "https://another.example"},
    "expired": {"exp": int(time.time()) - 3600},
    "ahead": {"iat": int(time.time()) + 3600},
    "odd_subject": {"sub": "nul\x00byte"},
}


class _OpenIdHandler(BaseHTTPRequestHandler):
    provider: OpenIdProvider

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.provider.asked.append(path)
        answers = {
            "/.well-known/openid-configuration": self.provider.discovery,
            "/jwks": self.provider.jwks,
            "/userinfo": self.provider.userinfo,
        }
        self._answer(200 if path in answers else 404, answers.get(path, dict)())

    def do_POST(self) -> None:
        self.provider.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(*self.provider.tokens(fields, self.headers.get("Authorization", "")))

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        if "redirect" in self.provider.faults:
            status = 302
        if "huge" in self.provider.faults:
            body += b" " * 100_000
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


# --- SAML ---------------------------------------------------------------------------------------------------


NS = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


@dataclass
class SamlProvider:
    """Takes the address that a browser is sent to, and gives the form that it posts back."""

    entity_id: str = "https://idp.example/metadata"
    sso_url: str = "https://idp.example/sso?a=1&b=2"
    person: Person = field(default_factory=lambda: Person("ada-1", "ada@acme.example"))
    faults: set[str] = field(default_factory=set)
    key: str = "ours"

    def sign_in(self, url: str) -> dict[str, str]:
        assert url.startswith(self.sso_url)
        packed = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
        request = etree.fromstring(zlib.decompress(base64.b64decode(packed), -15))
        assert request.get("Destination") == self.sso_url
        audience = "".join(request.find("{*}Issuer").itertext()).strip()
        return self.answer(request.get("ID"), audience, request.get("AssertionConsumerServiceURL"))

    def answer(self, request: str, audience: str, acs_url: str) -> dict[str, str]:
        """The posted form, for any question at all."""
        f = self.faults
        assertion = self._assertion(
            request="" if "unsolicited" in f else "_another" if "wrong_request" in f else request,
            audience="https://another.example" if "wrong_audience" in f else audience,
            recipient="https://another.example/acs" if "wrong_recipient" in f else acs_url,
        )
        if "unsigned" not in f:
            name = "theirs" if "other_key" in f else self.key
            pem = rsa_key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            algorithms = {"sign_algorithm": _SHA1_SIGNS, "digest_algorithm": _SHA1} if "sha1" in f else {}
            assertion = OneLogin_Saml2_Utils.add_sign(assertion, pem, certificate(name), **algorithms).decode()
        assertion = assertion.partition("?>")[2] if assertion.startswith("<?xml") else assertion
        if "altered" in f:
            assertion = assertion.replace(self.person.email, "ada@acme.example")
        if "commented" in f:
            assertion = assertion.replace(".evil.example", "<!---->.evil.example")  # comments are not signed
        if "twice" in f:
            assertion += assertion
        in_response_to = f'InResponseTo="{request}"' if request and "unsolicited" not in f else ""
        document = (
            f'<samlp:Response {NS} ID="_r{secrets.token_hex(8)}" Version="2.0" IssueInstant="{_instant(0)}"'
            f' Destination="{escape(acs_url)}" {in_response_to}><saml:Issuer>{escape(self._issuer)}</saml:Issuer>'
            f'<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:'
            f'{"Responder" if "failed" in f else "Success"}"/></samlp:Status>{assertion}</samlp:Response>'
        )
        if "entity" in f:
            document = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>{document}'
        return {"SAMLResponse": base64.b64encode(document.encode()).decode(), "RelayState": ""}

    @property
    def _issuer(self) -> str:
        return "https://another.example/metadata" if "other_issuer" in self.faults else self.entity_id

    def _assertion(self, *, request: str, audience: str, recipient: str) -> str:
        f, ends = self.faults, _instant(-4000 if "expired" in self.faults else 300)
        audience = f"<saml:Audience>{escape(audience)}</saml:Audience>"
        restriction = f"<saml:AudienceRestriction>{audience}</saml:AudienceRestriction>"
        facts = [f'InResponseTo="{request}"' if request else "", f'NotOnOrAfter="{ends}"']
        facts += [] if "no_recipient" in f else [f'Recipient="{escape(recipient)}"']
        name_format = TRANSIENT if "transient" in f else PERSISTENT
        return (
            f'<saml:Assertion {NS} ID="_a{secrets.token_hex(8)}" Version="2.0" IssueInstant="{_instant(0)}">'
            f"<saml:Issuer>{escape(self._issuer)}</saml:Issuer><saml:Subject>"
            f'<saml:NameID Format="{name_format}">{escape(self.person.subject)}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="{BEARER}"><saml:SubjectConfirmationData {" ".join(facts)}/>'
            f'</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{_instant(-60)}"'
            f' NotOnOrAfter="{ends}">{"" if "no_audience" in f else restriction}</saml:Conditions>'
            f'<saml:AuthnStatement AuthnInstant="{_instant(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>'
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
            '</saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>'
            f"{escape(self.person.email)}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
            "</saml:Assertion>"
        )


_SHA1_SIGNS = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
_SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"


def _instant(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

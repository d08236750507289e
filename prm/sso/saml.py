"""SAML 2.0, web browser profile: the question, and what has to be right about the posted answer.

XML, signatures and most checks are python3-saml's, in strict mode. It takes an answer that names no
audience, recipient or question for one that fits; we do not (`_check_confirmation`). Nothing is sent
from here, and nothing is read from elsewhere.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape  # nosec B406

from lxml import etree
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from prm.sso.claims import Claims, NotLetIn

MOST_ANSWER = 256 * 1024  # characters of base64
EMAIL_ATTRIBUTES = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "mail",
)
"""What providers call the address, where the portal's settings name nothing else."""

E = OneLogin_Saml2_ValidationError
CODES = {
    E.NO_SIGNATURE_FOUND: "unsigned",
    E.NO_SIGNED_ASSERTION: "unsigned",
    E.DEPRECATED_SIGNATURE_METHOD: "unsigned",
    E.DEPRECATED_DIGEST_METHOD: "unsigned",
    E.INVALID_SIGNATURE: "signature",
    E.WRONG_ISSUER: "issuer",
    E.WRONG_AUDIENCE: "audience",
    E.WRONG_DESTINATION: "recipient",
    E.EMPTY_DESTINATION: "recipient",
    E.WRONG_SUBJECTCONFIRMATION: "recipient",
    E.WRONG_INRESPONSETO: "request",
    E.ASSERTION_EXPIRED: "expired",
    E.ASSERTION_TOO_EARLY: "expired",
    E.SESSION_EXPIRED: "expired",
    E.STATUS_CODE_IS_NOT_SUCCESS: "denied",
    E.NO_NAMEID: "no_subject",
}


@dataclass(frozen=True)
class Service:
    """Both sides, as each has registered the other."""

    issuer: str  # the provider's entity id
    sso_url: str
    certificates: tuple[str, ...]  # base64 without the PEM lines; two while one replaces the other
    entity_id: str  # ours
    acs_url: str
    email_attribute: str = ""
    subject_attribute: str = ""


@dataclass(frozen=True)
class Proof:
    """A proven answer. `request` is the question it belongs to, `digest` stands for the assertion."""

    request: str
    digest: str
    claims: Claims


def certificates_in(text: str) -> tuple[str, ...]:
    """The bodies of the PEM certificates in a text; a bare base64 body counts as one."""
    found = re.findall(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", text, re.S)
    return tuple("".join(body.split()) for body in (found or [text]) if body.strip())


def question(service: Service) -> tuple[str, str]:
    """The address at the provider that the browser is sent to, and the id of the question."""
    # python3-saml writes the address into XML as it is.
    escaped = _settings(service, sso_url=escape(service.sso_url, {'"': "&quot;"}))
    asked = OneLogin_Saml2_Authn_Request(escaped)
    joint = "&" if "?" in service.sso_url else "?"
    return f"{service.sso_url}{joint}{urlencode({'SAMLRequest': asked.get_request()})}", asked.get_id()


def metadata(service: Service) -> bytes:
    """Our side, for the provider's administrator."""
    text = _settings(service).get_sp_metadata()
    return text.encode() if isinstance(text, str) else bytes(text)


def request_of(posted: str) -> str:
    """The question that an answer claims to belong to, unproven; '' where it names none."""
    try:
        return str(OneLogin_Saml2_Response(_NO_SETTINGS, posted).get_in_response_to() or "")
    except _UNREADABLE:
        return ""


def proof(service: Service, posted: str) -> Proof:
    """What the provider says in a posted answer, after every check. Raises NotLetIn."""
    if not posted or len(posted) > MOST_ANSWER:
        raise NotLetIn("malformed")
    try:
        response = OneLogin_Saml2_Response(_settings(service), posted)
        response.is_valid(_arrival(service.acs_url, posted), raise_exceptions=True)
        assertion = response.document.find("{*}Assertion")  # the only one, and signed: both checked above
        request = _check_confirmation(assertion, service)
        if response.get_in_response_to() != request:
            raise NotLetIn("request")
        claims = _claims(response, service)
    except E as error:
        raise NotLetIn(CODES.get(error.code, "malformed"), str(error)[:300]) from error
    except _UNREADABLE as error:
        raise NotLetIn("malformed", type(error).__name__) from error
    return Proof(request, hashlib.sha256(assertion.get("ID").encode()).hexdigest(), claims)


def _check_confirmation(assertion: Any, service: Service) -> str:
    """The question that the *signed* part names. Audience, recipient, end and question have to be there."""
    audiences = assertion.findall("{*}Conditions/{*}AudienceRestriction/{*}Audience")
    if service.entity_id not in ["".join(node.itertext()).strip() for node in audiences]:
        raise NotLetIn("audience")
    bearers = assertion.findall(f"{{*}}Subject/{{*}}SubjectConfirmation[@Method='{Names.CM_BEARER}']")
    found = [node for bearer in bearers for node in bearer.findall("{*}SubjectConfirmationData")]
    if len(found) != 1 or not found[0].get("NotOnOrAfter"):
        raise NotLetIn("malformed", "SubjectConfirmationData")
    if found[0].get("Recipient") != service.acs_url:
        raise NotLetIn("recipient")
    request = found[0].get("InResponseTo")
    if not request:
        raise NotLetIn("request", "InResponseTo")
    return str(request)


def _claims(response: OneLogin_Saml2_Response, service: Service) -> Claims:
    attributes = response.get_attributes()
    name_format = response.get_nameid_format()
    subject = ""
    if service.subject_attribute:
        subject = _first(attributes, (service.subject_attribute,))
    elif name_format != Names.NAMEID_TRANSIENT:  # another one at each sign-in
        subject = response.get_nameid() or ""
    email = _first(attributes, (service.email_attribute,) if service.email_attribute else EMAIL_ATTRIBUTES)
    if not email and name_format == Names.NAMEID_EMAIL_ADDRESS:
        email = response.get_nameid() or ""
    return Claims(subject=subject, email=email, others=tuple(sorted(str(name)[:100] for name in attributes)[:20]))


def _first(attributes: dict[str, list[Any]], names: tuple[str, ...]) -> str:
    for name in names:
        for value in attributes.get(name, []):
            if isinstance(value, str):
                return value
    return ""


def _arrival(acs_url: str, posted: str) -> dict[str, Any]:
    """The request as python3-saml wants it: always our registered address, whatever a header claims."""
    parts = urlsplit(acs_url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": {},
        "post_data": {"SAMLResponse": posted},
    }


def _settings(service: Service, *, sso_url: str = "") -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": service.entity_id,
                "assertionConsumerService": {"url": service.acs_url, "binding": Names.BINDING_HTTP_POST},
            },
            "idp": {
                "entityId": service.issuer,
                "singleSignOnService": {"url": sso_url or service.sso_url, "binding": Names.BINDING_HTTP_REDIRECT},
                "x509certMulti": {"signing": list(service.certificates)},
            },
            "security": {
                "wantAssertionsSigned": True,
                "rejectDeprecatedAlgorithm": True,
                "wantAttributeStatement": False,
                "requestedAuthnContext": False,  # how somebody signs in over there is the provider's to say
                "allowSingleLabelDomains": True,
                "wantNameId": not service.subject_attribute,
            },
        }
    )


_UNREADABLE = (OneLogin_Saml2_Error, etree.LxmlError, ValueError, TypeError, AttributeError, KeyError)
_NO_SETTINGS = OneLogin_Saml2_Settings(
    {"sp": {"entityId": "-", "assertionConsumerService": {"url": "https://localhost/"}}}, sp_validation_only=True
)

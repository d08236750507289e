"""Providers of both kinds, in use at Acme. Test modules name this one in `pytest_plugins`."""

from collections.abc import Iterator

import pytest

from tests.cast import Cast
from tests.fakes.identity import OpenIdProvider, SamlProvider
from tests.sso.visits import Site, in_use


@pytest.fixture
def openid() -> Iterator[OpenIdProvider]:
    """A provider on loopback that knows Ada."""
    with OpenIdProvider() as provider:
        yield provider


@pytest.fixture
def site(cast: Cast, openid: OpenIdProvider) -> Site:
    """Acme, with that provider in use."""
    return in_use(cast, openid)


@pytest.fixture
def saml() -> SamlProvider:
    return SamlProvider()


@pytest.fixture
def saml_acme(cast: Cast, saml: SamlProvider) -> Site:
    """Acme, with a SAML provider in use."""
    return in_use(cast, saml)

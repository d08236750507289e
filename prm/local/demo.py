"""Who can sign in to the demonstration: printed by `make up`, shown on the list of portals."""

from typing import NamedTuple

PASSWORD = "partner-portal-demo"


class Login(NamedTuple):
    portal: str
    email: str
    role: str


LOGINS = (
    Login("acme", "ada@acme.example", "vendor admin"),
    Login("acme", "vic@acme.example", "channel manager"),
    Login("acme", "bea@north.example", "partner admin"),
    Login("acme", "ben@north.example", "partner rep"),
    Login("acme", "dora@east.example", "distributor"),
    Login("globex", "dan@globex.example", "vendor admin"),
)

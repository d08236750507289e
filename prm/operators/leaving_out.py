"""What an export of a portal leaves out, and why. tests/operators/test_export.py asks about every likely name."""

LEFT_OUT = {
    "users.user.password": "a digest of the person's password, which serves other portals too",
    "users.user.is_staff": "says who runs the installation, which is no matter of the portal",
    "users.user.last_login": "may have been at another portal",
    "users.apikey.digest": "what a key is recognised by",
    "users.session": "the browsers that are signed in just now, and what opens their sessions",
    "users.draft": "forms that were typed and not sent yet, gone within a day",
    "leads.lead.searched": "made of other columns, by which a lead is found",
    "runs.run.token": "by which a form that is sent twice is known",
    "sso.identityprovider.sealed_secret": "the client secret at the sign-in service, sealed for this installation",
    "sso.lookedat": "digests of answers that were looked at, gone within a day",
}
"""By `app.model.field`: never in an export. An entry `app.model` leaves out a whole table."""

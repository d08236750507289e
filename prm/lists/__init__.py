"""Lists: what a page of rows can be narrowed, sorted and counted by, and what of each row it shows.

Knows no business word. An app declares its list in its own `lists.py` and registers it; whoever works
with "exactly what the page shows" (an export, a verb for all matching rows) asks here:

    from prm.lists.listing import listing

    leads = listing("leads")                     # Gone where there is none of this name
    leads.rows(member, query)                    # QuerySet: all pages' rows, in the page's order
    leads.shown(row, member)                     # the row with all emptied that this member may not see
    leads.columns(member, query)                 # list[Column]: those shown, in their order
    Column.key, Column.label, Column.value(row)  # value: str | Decimal | int | date | datetime | None

`query` is the page's query string as a QueryDict (`QueryDict("status=lost&country=DE")`); `cursor` and
whatever else only moves the page is of no account. Both methods raise InvalidParameter for a parameter
that this list has not declared for this member, or a value that means nothing. `columns` asks the
database for the person's own choice when the address names none.

Days and "me" are those of `member` and of the moment: outside of a request, ask within
`timezone.override(member.time_zone)`. `value` expects a row that went through `shown`. A column that
is `is_within` another's cell on the page (a lead's number beneath its name) is a column of its own here.

A verb for many rows is offered to a list's page with `offer("leads", BulkVerb(...))` in an app's
`ready()`. The page then has check boxes, and posts to the verb's address: `row` (one id each), or
`all=yes`, and `query`, the page's query string, for all that match.
"""

"""scratch"""
import json, base64, uuid
import pytest
from tests.browsing import Api, visitor, sign_in
from tests.cast import Cast
from tests.factories import *
from prm.organizations.context import inside

def show(label, a):
    print(label, a.status_code, a.headers.get("Content-Type"), a.content[:300])

def cur(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")

def test_x(cast: Cast):
    api = Api(cast.ada); api.client.raise_request_exception = False
    with inside(cast.acme):
        d = new_deal(cast.ada, cast.ben)
        l = opened_lead(cast.ada, cast.ben)
        n = new_lead(cast.ada)
        f = opened_lead(cast.ada, cast.ben, company="", first_name="f"*100, last_name="l"*100)
    k = str(uuid.uuid4())
    def go(label, fn):
        try: show(label, fn())
        except Exception as e: print(label, "EXC", type(e), str(e)[:200])
    for o, v in [("number", float("inf")), ("number", 1e30), ("number", 10**4000), ("number", "x"), ("number", True), ("number", [1]), ("created_at", "0001-01-01T00:00:00+14:00"), ("created_at","9999-12-31T23:59:59-14:00"), ("created_at", "2020-01-01"), ("created_at", 5), ("name", {"a":1}), ("name", 5)]:
        go(f"lead {o} {str(v)[:20]}", lambda: api.get("leads/", ordering=o, cursor=cur(0, v, k)))
    for o, v in [("amount", float("inf")), ("amount", "1e999999"), ("amount", "1e-999999"), ("amount", "NaN"), ("amount", 1e300), ("amount", "sNaN"), ("close_date", "9999-12-31"), ("close_date", 20200101), ("close_date","9999-99-99")]:
        go(f"deal {o} {str(v)[:20]}", lambda: api.get("deals/", ordering=o, cursor=cur(0, v, k)))
    for c in ["rot13", "hex", "zlib", "idna", "punycode", "undefined", "utf-7", "utf-16", "unicode_escape", "base64", "nonsense", "utf-8", "latin-1"]:
        go("post charset " + c, lambda: api.client.generic("POST", "/api/v1/leads/", b'{"company": "x"}', content_type=f"application/json; charset={c}", headers=api.headers))
        go("get charset " + c, lambda: api.client.generic("GET", "/api/v1/leads/?search=a", b"", headers={**api.headers, "Content-Type": f"application/json; charset={c}"}))
        go("page charset " + c, lambda: sign_in(cast.ada).generic("GET", "/leads/?search=a", b"", headers={"Content-Type": f"application/json; charset={c}"}))
    go("budget neg", lambda: api.post("leads/", {"company": "x", "budget": "-5"}))
    go("message/code", lambda: api.post("leads/", {"company": "x", "message": "-5", "code": 1}))
    go("convert long", lambda: api.post(f"leads/{f.pk}/convert/", {"name": "x", "amount": 1, "currency": "EUR", "close_date": "2027-01-01"}))
    go("happened", lambda: api.post(f"leads/{l.pk}/activity/", {"kind": "call", "outcome": "reached", "happened_at": "0001-01-01T00:00:00Z"}))
    ben = Api(cast.ben); ben.client.raise_request_exception = False
    go("happened", lambda: ben.post(f"leads/{l.pk}/activity/", {"kind": "call", "outcome": "reached", "happened_at": "0001-01-01T00:00:00Z"}))
    go("happened", lambda: ben.post(f"leads/{l.pk}/activity/", {"kind": "call", "outcome": "reached", "happened_at": "9999-12-31T23:59:59Z"}))
    for tz in ("America/New_York", "Asia/Tokyo"):
        with inside(cast.acme):
            type(cast.ada).objects.filter(pk=cast.ada.pk).update(time_zone=tz)
        c = sign_in(cast.ada); c.raise_request_exception = False
        go("page " + tz, lambda: c.get(f"/leads/{l.code}/"))
    go("nohost", lambda: visitor(None).get("/api/v1/leads/", headers={"host": "nobody.localhost:8000"}))
    go("badhost", lambda: visitor(None).get("/api/v1/leads/", headers={"host": "evil.example"}))
    go("unknown", lambda: api.get("nothing/"))
    go("noslash", lambda: api.post("leads", {"company": "x"}))
    go("big", lambda: api.post("leads/", " " * 3_000_000 + '{"company": "x"}'))
    go("deep", lambda: api.post("leads/", "[" * 100000))
    for m in ("put", "delete", "trace"):
        go(m, lambda: api.client.generic(m.upper(), "/api/v1/leads/", headers=api.headers))
    go("opts", lambda: api.client.generic("OPTIONS", "/api/v1/leads/", headers=api.headers))
    go("406", lambda: api.client.get("/api/v1/leads/", headers={**api.headers, "Accept": "text/html"}))
    go("406s", lambda: api.client.get("/api/v1/schema/", headers={**api.headers, "Accept": "text/html"}))
    go("415", lambda: api.client.post("/api/v1/leads/", {"company": "x"}, headers=api.headers))
    go("anon", lambda: visitor(cast.acme).get("/api/v1/leads/"))
    bad = []
    for depth in range(600, 1000, 1):
        a = api.post(f"leads/{l.pk}/close/", '{"outcome": ' + "["*depth + "]"*depth + "}")
        if a.status_code == 500: bad.append(depth)
    print("BAD depths", bad[:3], bad[-3:])
    bad = []
    for depth in range(600, 1000, 1):
        a = api.post(f"leads/", '{"company": "x", "employees": ' + "["*depth + "]"*depth + "}")
        if a.status_code == 500: bad.append(depth)
    print("BAD depths", bad[:3], bad[-3:])

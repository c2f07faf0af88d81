import sys


def check(label, call, *want):
    """`call` gives one of `want`, of the same type."""
    try:
        got = call()
    except Exception as e:
        print(f"{label}: {type(e).__name__}: " + " ".join(str(e).split()))
        sys.exit(1)
    if not any(got == w and type(got) is type(w) for w in want):
        print(f"{label}: got {got!r}, want {want[0]!r}")
        sys.exit(1)


import io

from clubbook import create_app


def after(*uploads):
    """What each upload is answered with: (to, rows or text, encoding)."""
    app = create_app()
    app.config["PROPAGATE_EXCEPTIONS"] = True
    client, answers = app.test_client(), []
    for to, rows, encoding in uploads:
        data = rows if isinstance(rows, bytes) else ("name,mail\n" + "".join(",".join(r) + "\n" for r in rows)).encode(encoding)
        r = client.post(f"/members/{to}", data={"list": (io.BytesIO(data), "m.csv")})
        answers.append((r.status_code, r.json))
    return answers[-1]


ZOE, BO, EURO = ["Zo\u00eb", "z@x.org"], ["Bo", "b@x.org"], ["\u20acuro \u2013 Ann\u2019s", "e@x.org"]


def says(new=(), changed=(), missing=()):
    return 200, {"new": list(new), "changed": list(changed), "missing": list(missing)}


W, U = "cp1252", "utf-8"
check("Windows, new", lambda: after(("preview", [ZOE], W)), says(["z@x.org"]))
check("Windows, the same", lambda: after(("import", [ZOE, BO], U), ("preview", [ZOE, BO], W)), says())
check("Windows, the same, imported so", lambda: after(("import", [ZOE], W), ("preview", [ZOE], W)), says())
check("Windows, changed", lambda: after(("import", [["Zoe", "z@x.org"]], U), ("preview", [ZOE], W)), says(changed=["z@x.org"]))
check("Windows, signs that Latin-1 does not have", lambda: after(("import", [EURO], U), ("preview", [EURO], W)), says())
check("Windows, a byte that is nothing", lambda: after(("import", b"name,mail\nA\x81,a@x.org\n", W), ("preview", b"name,mail\nA\x81,a@x.org\n", W)), says())
check("Windows, bad", lambda: after(("preview", [["Zo\u00eb", ""]], W)), (422, {"error": "row 2: a name or mail is missing"}))
check("Windows, twice", lambda: after(("preview", [ZOE, ZOE], W))[0], 422)
check("UTF-8", lambda: after(("import", [ZOE], U), ("preview", [ZOE, BO], U)), says(["b@x.org"]))
check("UTF-8 with a mark", lambda: after(("import", [ZOE], U), ("preview", [ZOE], "utf-8-sig")), says())
check("ASCII", lambda: after(("import", [BO, ZOE], U), ("preview", [BO], "ascii")), says(missing=["z@x.org"]))
check("nothing is imported", lambda: after(("preview", [ZOE], W), ("preview", [BO], U)), says(["b@x.org"]))
check("no headings", lambda: after(("preview", b"a,b\n1,2\n", U))[0], 422)
check("import", lambda: after(("import", [ZOE, EURO], W)), (200, {"imported": 2}))

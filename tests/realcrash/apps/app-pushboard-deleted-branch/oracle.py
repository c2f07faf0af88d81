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


from pushboard import create_app


def after(*events, size=20):
    app = create_app(size=size)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    client = app.test_client()
    codes = [client.post("/hook", json=e, headers={"X-Event": kind}).status_code for kind, e in events]
    return codes, client.get("/lines").json


def push(head="Fix totals", commits=1, ref="refs/heads/main", **more):
    head = head if head is None else {"id": "1", "message": head}
    return "push", {"ref": ref, "pusher": {"name": "ann"}, "repository": {"name": "shop"}, "commits": [head] * commits, "head_commit": head, **more}


SHOWN = "ann pushed to shop:main: Fix totals"
GONE = push(None, 0, deleted=True, after="0" * 40)
check("deleted branch", lambda: after(GONE), ([204], []))
check("deleted branch, forced", lambda: after(push(None, 0, deleted=True, forced=True)), ([204], []))
check("deleted tag", lambda: after(push(None, 0, ref="refs/tags/v1", deleted=True)), ([204], []))
check("between others", lambda: after(push(), GONE, push("Two")), ([201, 204, 201], ["ann pushed to shop:main: Two", SHOWN]))
check("nothing falls off for it", lambda: after(push(), GONE, GONE, size=1), ([201, 204, 204], [SHOWN]))
check("push", lambda: after(push()), ([201], [SHOWN]))
check("first line", lambda: after(push("Fix totals\n\nmore")), ([201], [SHOWN]))
check("forced back", lambda: after(push("Old", 0, forced=True)), ([201], ["ann forced shop:main: Old"]))
check("new branch without commits of its own", lambda: after(push("Old", 0, created=True)), ([201], ["ann pushed to shop:main: Old"]))
check("long title", lambda: after(push("word " * 20))[1][0][-6:], " word…")
check("no title", lambda: after(push("")), ([201], ["ann pushed to shop:main: "]))
check("issue", lambda: after(("issues", {"action": "opened", "issue": {"title": "T", "user": {"login": "bo"}}, "repository": {"name": "shop"}})), ([201], ["bo asks in shop: T"]))
check("unknown", lambda: after(("star", {})), ([204], []))


def dies(kind, event):
    try:
        after((kind, event))
    except Exception as e:
        return type(e).__name__
    return "answered"


check("a payload that is none of the forge's", lambda: dies("issues", {"action": "opened"}), "KeyError")

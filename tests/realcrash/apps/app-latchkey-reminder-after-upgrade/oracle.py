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


from latchkey.guests import Guest, GuestBook
from latchkey.jobs import DAY, Reminder
from latchkey.mail import night
from latchkey.service import LINK, Door
from latchkey.tokens import Tokens

SECRET = "the secret of the lock, which is long enough"
NOW = 1_600_000_000


def house(*guests):
    book = GuestBook()
    for g in guests:
        book.add(g)
    sent = []
    return book, sent, Reminder(book, SECRET, lambda *mail: sent.append(mail))


def due(name="Bo", **kw):
    return Guest(name, f"{name.lower()}@example.org", NOW + DAY, **kw)


def run(*guests):
    book, sent, job = house(*guests)
    return job.run(NOW), [to for to, _ in sent]


def opens(at):
    book, sent, job = house(due())
    job.run(NOW)
    text = sent[0][1]
    head = "Your link ends soon. It is now " + LINK
    return text.startswith(head), Door(book, Tokens(SECRET), lambda: at).open(text[len(head):])


check("one", lambda: run(due()), (["Bo"], ["bo@example.org"]))
check("two", lambda: run(due("Bo"), due("Ann")), (["Ann", "Bo"], ["ann@example.org", "bo@example.org"]))
check("link opens", lambda: opens(NOW), (True, True))
check("link opens half a day later", lambda: opens(NOW + DAY + DAY // 2 - 1), (True, True))
check("link ends", lambda: opens(NOW + DAY + DAY // 2), (True, False))
check("once only", lambda: (lambda h: (h[2].run(NOW), h[2].run(NOW + 1))[1])(house(due())), [])
check("too early", lambda: run(Guest("Ann", "a", NOW + DAY + 1)), ([], []))
check("ended", lambda: run(Guest("Ann", "a", NOW)), ([], []))
check("came", lambda: run(due(came=True)), ([], []))


def host(*guests):
    book, sent, job = house(*guests)
    mails = []
    night(job, NOW, lambda *mail: mails.append(mail), "host")
    return mails


check("host", lambda: host(due("Ann"), due("Bo")), [("host", "Ann and Bo were reminded.")])
check("host, nobody", lambda: host(), [])
check("invite", lambda: Door(GuestBook(), Tokens(SECRET), lambda: NOW).invite("Ann", "a", 1).count("."), 4)
check("first link", lambda: (lambda d: d.open(d.invite("Ann", "a", 1)[len(LINK):]))(Door(GuestBook(), Tokens(SECRET), lambda: NOW)), True)

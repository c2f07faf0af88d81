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


import requests
import responses
from requests.exceptions import ConnectionError
from responses import matchers


def post(sent, wanted, sent_data=None, wanted_data=None):
    """Whether the request is answered."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add(responses.POST, "http://x/", body="yes", match=[matchers.multipart_matcher(wanted, data=wanted_data)])
        try:
            return requests.post("http://x/", files=sent, data=sent_data).text == "yes"
        except ConnectionError:
            return False


JPG = b"\xff\xd8\xff\xe0\x00"
check("bytes that are no UTF-8", lambda: post({"f": JPG}, {"f": JPG}), True)
check("every byte", lambda: post({"f": bytes(range(256))}, {"f": bytes(range(256))}), True)
check("other such bytes", lambda: post({"f": JPG}, {"f": b"\xff\xd8\xff\xe1\x00"}), False)
check("one byte less", lambda: post({"f": JPG}, {"f": JPG[:-1]}), False)
check("differ in a bad byte alone", lambda: post({"f": b"\xac"}, {"f": b"\xad"}), False)
check("with fields", lambda: post({"f": JPG}, {"f": JPG}, {"a": "1"}, {"a": "1"}), True)
check("with other fields", lambda: post({"f": JPG}, {"f": JPG}, {"a": "1"}, {"a": "2"}), False)
check("two files", lambda: post({"f": JPG, "g": b"x"}, {"f": JPG, "g": b"x"}), True)
check("sent bad bytes, wanted text", lambda: post({"f": JPG}, {"f": b"abc"}), False)
check("sent text, wanted bad bytes", lambda: post({"f": b"abc"}, {"f": JPG}), False)
check("text", lambda: post({"f": b"abc"}, {"f": b"abc"}), True)
check("text as str", lambda: post({"f": "abc"}, {"f": b"abc"}), True)
check("UTF-8", lambda: post({"f": "h\xe9".encode()}, {"f": "h\xe9".encode()}), True)
check("other text", lambda: post({"f": b"abc"}, {"f": b"abd"}), False)
check("other name", lambda: post({"f": b"abc"}, {"g": b"abc"}), False)

from bs4 import BeautifulSoup


def inner(html, tag=None):
    """The markup within the tag; within the whole snippet without one."""
    soup = BeautifulSoup(html, "html.parser")
    node = soup.find(tag) if tag else soup
    return node.decode_contents()


def handle(requests):
    return [inner(r["html"], r.get("tag")) for r in requests]


print(handle([{"html": "<p>one <b>two</b></p>", "tag": "p"}]))
print(handle([{"html": "<p>a</p><p>b &amp; c</p>"}]))

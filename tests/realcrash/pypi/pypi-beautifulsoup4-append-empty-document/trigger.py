from bs4 import BeautifulSoup


def assemble(layout, blocks):
    """Puts each block of HTML into the layout's main part."""
    page = BeautifulSoup(layout, "html.parser")
    for block in blocks:
        page.main.append(BeautifulSoup(block, "html.parser"))
    return str(page)


def handle(blocks):
    return assemble("<html><body><main></main></body></html>", blocks)


print(handle(["<h1>News</h1>", "<p>one</p><p>two</p>"]))
print(handle(["<h1>News</h1>", "", "<p>later</p>"]))

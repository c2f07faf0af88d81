import mechanicalsoup
import requests
from requests.adapters import BaseAdapter


class Portal(BaseAdapter):
    """A supplier's portal whose gateway answers instead of it."""

    def send(self, request, **options):
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 502, request.url, request
        answer.headers["Content-Type"] = "text/plain"
        answer._content = b"upstream connect error or disconnect/reset before headers"
        return answer

    def close(self):
        pass


browser = mechanicalsoup.StatefulBrowser(requests_adapters={"https://": Portal()})
browser.open("https://portal.example.org/login")
browser.select_form("#login")
browser["user"] = "shop"
print(browser.submit_selected().status_code)

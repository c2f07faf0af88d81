import json

import requests
from rosterclient import Roster, difference


class Service(requests.adapters.BaseAdapter):
    """The roster service, after an administrator took the team's right from the token."""

    def send(self, request, **options):
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 403, request.url, request
        answer._content = json.dumps({"message": "Resource not accessible by this token"}).encode()
        return answer

    def close(self):
        pass


session = requests.Session()
session.mount("https://", Service())
print(difference(Roster("https://roster.example.org", "t-1", session), "shop", ["ann", "bo"]))

import json

from slack_sdk import WebClient


class Workspace(WebClient):
    """Answers as a workspace does whose administrator gave the token no right to write."""

    def _perform_urllib_http_request_internal(self, url, req):
        answer = {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "chat:read"}
        return {"status": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(answer)}


def handle(channel, text):
    return Workspace(token="xoxb-1").chat_postMessage(channel=channel, text=text)["ts"]


print(handle("#orders", "order 17 is late"))

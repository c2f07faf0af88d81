import requests
import responses
from responses import matchers


def upload(url, files):
    return requests.post(url, files=files).json()["ok"]


def handle(name, content):
    with responses.RequestsMock() as mock:
        mock.add(responses.POST, "http://store/files", json={"ok": name}, match=[matchers.multipart_matcher({name: content})])
        return upload("http://store/files", {name: content})


print(handle("note.txt", b"hello"))
print(handle("name.txt", "h\xe9llo".encode("utf-8")))
print(handle("photo.jpg", b"\xff\xd8\xff\xe0 picture"))

from werkzeug.wrappers import Response


def respond(body, max_age=None, private=False):
    response = Response(body)
    response.cache_control.private = private or None
    response.cache_control.max_age = max_age
    return response


def handle(payload):
    response = respond(**payload)
    return response.status_code, response.headers.get("Cache-Control")


print(handle({"body": "hello", "max_age": 60, "private": True}))
print(handle({"body": "hello", "private": True}))

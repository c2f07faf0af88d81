from werkzeug.wrappers import Request


def user(header):
    request = Request({"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": header})
    given = request.authorization
    return given.username if given is not None else None


for header in ["Basic dXNlcjpwYXNz", "Bearer abc", "Basic a"]:
    print(user(header))

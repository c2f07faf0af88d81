import io

from clubbook import create_app

app = create_app()
app.config["PROPAGATE_EXCEPTIONS"] = True
client = app.test_client()


def upload(to, rows, encoding):
    data = "".join(";".join(row) + "\r\n" for row in [["name", "mail"], *rows]).encode(encoding)
    response = client.post(f"/members/{to}", data={"list": (io.BytesIO(data), "members.csv")})
    return response.status_code, response.json


OLD = [["Zoë Müller", "zoe@example.org"], ["Bo", "bo@example.org"]]
print(upload("import", OLD, "cp1252"), upload("preview", OLD, "utf-8"))
print(upload("preview", OLD + [["René", "rene@example.org"]], "cp1252"))

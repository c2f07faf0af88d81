from werkzeug.test import Client

from sqldojo import Dojo

client = Client(Dojo())


def send(query, lesson=1):
    response = client.post("/run", json={"query": query, "lesson": lesson})
    return response.status_code, response.json


print(send("-- how many?\nselect count(*) as n from birds"), send(" "))
print(send("-- select * from birds\n"))

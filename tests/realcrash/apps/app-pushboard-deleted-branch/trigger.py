from pushboard import create_app

app = create_app()
app.config["PROPAGATE_EXCEPTIONS"] = True
client = app.test_client()


def deliver(**event):
    event = {"ref": "refs/heads/fix-totals", "pusher": {"name": "ann"}, "repository": {"name": "shop"}, **event}
    answer = client.post("/hook", json=event, headers={"X-Event": "push"})
    return answer.status_code, client.get("/lines").json


head = {"id": "4b825dc6", "message": "Fix totals"}
print(deliver(after="4b825dc6", deleted=False, commits=[head], head_commit=head))
print(deliver(after="0000000000000000", deleted=True, commits=[], head_commit=None))

from ldap3 import Connection, Server


def bind(url):
    return Connection(Server(url, connect_timeout=2), user="cn=sync,dc=example,dc=org", password="secret", auto_bind=True)


def handle(url, login):
    with bind(url) as directory:
        directory.search("dc=example,dc=org", f"(uid={login})", attributes=["mail"])
        return [str(entry.mail) for entry in directory.entries]


print(handle("ldap://127.0.0.1:1", "ann"))

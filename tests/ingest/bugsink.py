#!/usr/bin/env python3
"""Measures how fast Sentry's envelopes are stored and grouped, by `outerloop serve` and by Bugsink, in one run.

    tests/ingest/bugsink.py target/release/outerloop [EVENTS]

Bugsink is installed from PyPI (pinned) into a folder of its own, and set up as its `singleserver` template says: gunicorn
with two workers, snappea, SQLite; its quotas are raised, or it would refuse most. The same program sends the same envelopes
of 50 KB to both, over sixteen connections, one server after the other. Time runs from the first request until the last
event is in the database with its group. EVENTS (by default 3,000) go to outerloop, a tenth of them to Bugsink. Memory is
the most that the processes of a server held resident together, read four times a second.
"""

import http.client
import json
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

BUGSINK = "bugsink==2.6.1"
CONNECTIONS = 16
BUGS = 50
ENVELOPE_BYTES = 50_000


def envelope(n):
    """An error event of one of some bugs, as Sentry's Python SDK sends it, with an id of its own."""
    bug = n % BUGS
    id = uuid.uuid4().hex
    frames = [
        {
            "filename": f"shop/part{depth}.py",
            "abs_path": f"/app/shop/part{depth}.py",
            "function": f"step_{bug}_{depth}",
            "module": f"shop.part{depth}",
            "lineno": 10 + depth,
            "pre_context": [f"    before = compute({i})" for i in range(5)],
            "context_line": f"    return step_{bug}_{depth + 1}(order, total)",
            "post_context": [f"    after = compute({i})" for i in range(5)],
            "vars": {"order": {"id": str(n), "items": ["'book'"] * 8}, "total": "12.5", "note": "'plain words to read'"},
            "in_app": True,
        }
        for depth in range(40)
    ]
    event = {
        "event_id": id,
        "timestamp": time.time(),
        "platform": "python",
        "level": "error",
        "release": "shop@1.4.2",
        "environment": "production",
        "user": {"id": str(n % 500)},
        "exception": {"values": [{"type": f"Error{bug}", "value": f"no price for {n}", "stacktrace": {"frames": frames}}]},
    }
    rest = ENVELOPE_BYTES - len(json.dumps(event))
    event["extra"] = {"notes": ["some words that say little "] * max(rest // 31, 0)}
    header = {"event_id": id, "sent_at": "2026-01-01T00:00:00Z"}
    body = json.dumps(event)
    item = {"type": "event", "length": len(body), "content_type": "application/json"}
    return "\n".join([json.dumps(header), json.dumps(item), body]).encode()


def send(address, path, key, bodies, port_host):
    connection = http.client.HTTPConnection(*address, timeout=60)
    headers = {
        "Host": port_host,
        "Content-Type": "application/x-sentry-envelope",
        "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={key}",
    }
    for body in bodies:
        while True:
            try:
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                answer.read()
            except (http.client.HTTPException, ConnectionError):  # gunicorn ends workers now and then.
                connection.close()
                continue
            if answer.status == 429:
                time.sleep(0.05)
                continue
            if answer.status != 200:
                sys.exit(f"{path}: status {answer.status}")
            break


def memory_bytes(pids):
    """Resident memory of processes and all that they started."""
    parents, sizes = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            parents[int(entry.name)] = int(fields[1])
            sizes[int(entry.name)] = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            continue
    wanted = set(pids)
    while True:
        more = {pid for pid, parent in parents.items() if parent in wanted} - wanted
        if not more:
            return sum(sizes.get(pid, 0) for pid in wanted)
        wanted |= more


def measure(name, address, path, key, n_events, pids, count, host):
    bodies = [envelope(n) for n in range(n_events)]
    parts = [bodies[i::CONNECTIONS] for i in range(CONNECTIONS)]
    senders = [multiprocessing.Process(target=send, args=(address, path, key, part, host)) for part in parts]
    before = count()
    started = time.monotonic()
    for sender in senders:
        sender.start()
    peak = 0
    while (n := count() - before) < n_events:
        peak = max(peak, memory_bytes(pids))
        if time.monotonic() - started > 1200 or not any(s.is_alive() for s in senders) and time.monotonic() - started > 600:
            sys.exit(f"{name}: only {n} of {n_events} events came to be stored")
        time.sleep(0.25 if n < n_events * 0.9 else 0.01)
    seconds = time.monotonic() - started
    for sender in senders:
        sender.join()
    mean = sum(map(len, bodies)) / len(bodies)
    print(
        f"{name:<10} {n_events:6} events of {mean / 1000:.0f} KB in {seconds:6.1f} s: "
        f"{n_events / seconds:7.1f} a second, {peak / 1e6:4.0f} MB of memory",
        flush=True,
    )
    return n_events / seconds


def wait_for(address):
    for _ in range(600):
        try:
            socket.create_connection(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens on {address}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def counter(path, query):
    def count():
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as database:
                return database.execute(query).fetchone()[0]
        except sqlite3.OperationalError:
            return 0

    return count


def outerloop(program, folder, n_events):
    port, key = free_port(), "0123456789abcdef"
    store = folder / "outerloop.db"
    config = folder / "outerloop.toml"
    config.write_text(
        f'[serve]\nlisten = "127.0.0.1:{port}"\nstore = "{store}"\n[[serve.projects]]\nid = 1\nname = "shop"\nkey = "{key}"\n'
    )
    server = subprocess.Popen([program, "serve", "--config", config], stderr=subprocess.DEVNULL)
    try:
        wait_for(("127.0.0.1", port))
        # Every event is stored, counted and grouped in one transaction.
        count = counter(store, "SELECT coalesce(sum(count), 0) FROM outcomes WHERE outcome = 'stored'")
        return measure(
            "outerloop", ("127.0.0.1", port), "/api/1/envelope/", key, n_events, [server.pid], count, "localhost"
        )
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def bugsink(folder, n_events):
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run([environment / "bin/pip", "install", "-q", "--disable-pip-version-check", BUGSINK], check=True)
    programs, port = environment / "bin", free_port()
    subprocess.run(
        [programs / "bugsink-create-conf", "--template=singleserver", "--host", "localhost", "--base-dir", folder, "-o", folder / "bugsink_conf.py"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with open(folder / "bugsink_conf.py", "a", encoding="utf-8") as config:
        for span in ("5_MINUTES", "HOUR", "MONTH"):
            config.write(f"\nBUGSINK['MAX_EVENTS_PER_{span}'] = BUGSINK['MAX_EVENTS_PER_PROJECT_PER_{span}'] = 10**9")
    environ = {**os.environ, "PYTHONPATH": str(folder), "PATH": f"{programs}:{os.environ['PATH']}"}
    run = lambda *args: subprocess.run(  # noqa: E731
        [programs / args[0], *args[1:]], env=environ, cwd=folder, check=True, capture_output=True, text=True
    ).stdout
    run("bugsink-manage", "migrate")
    run("bugsink-manage", "migrate", "--database=snappea")
    made = run(
        "bugsink-manage",
        "shell",
        "-c",
        "from projects.models import Project; p = Project.objects.create(name='shop'); print('made', p.id, p.sentry_key.hex)",
    )
    _, id, key = next(line for line in made.splitlines() if line.startswith("made ")).split()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environ, "cwd": folder}
    servers = [
        subprocess.Popen([programs / "gunicorn", f"--bind=127.0.0.1:{port}", "--workers=2", "--timeout=60", "bugsink.wsgi"], **quiet),
        subprocess.Popen([programs / "bugsink-runsnappea"], **quiet),
    ]
    try:
        wait_for(("127.0.0.1", port))
        count = counter(folder / "db.sqlite3", "SELECT count(*) FROM events_event")
        pids = [server.pid for server in servers]
        return measure("Bugsink", ("127.0.0.1", port), f"/api/{id}/envelope/", key, n_events, pids, count, "localhost")
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
        for server in servers:
            server.wait()


def main(program, n_events):
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        ours = outerloop(program, Path(first), n_events)
        theirs = bugsink(Path(second), max(n_events // 10, 10))
    print(f"outerloop takes {ours / theirs:.0f} times Bugsink's events a second")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 3000)

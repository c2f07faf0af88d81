#!/usr/bin/env bash
# The whole way from a crashing service to pull requests, on this machine and without a network:
#
#   run.sh OUTERLOOP_BINARY [OUT_DIR]
#
# OUT_DIR (default: outerloop-demo in the folder for temporary files) is emptied first if an earlier run made it,
# and left alone if anything else did. The service writes three logs of the same errors; DEMO_LOG says which one
# outerloop reads: events.jsonl (the default, with local variables), shop.log (text) or shop.jsonl.
# Exit status: 0 if at least three right fixes and no wrong one came out, 1 if not, 2 if the demo could not run.
set -euo pipefail

fail() {
    echo "demo: $*" >&2
    exit 2
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}
log=${DEMO_LOG:-events.jsonl}
[ $# -ge 1 ] && [ $# -le 2 ] || fail "usage: run.sh OUTERLOOP_BINARY [OUT_DIR]"
outerloop=$(command -v -- "$1") || fail "no program $1"
[[ $outerloop == /* ]] || outerloop=$PWD/$outerloop
command -v git >/dev/null || fail "git is missing"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' || fail "$python is missing or older than 3.8"
"$python" -c 'import pytest' 2>/dev/null || fail "$python has no pytest, which the tests of the service need"

# Nobody's settings (signing, hooks, templates) belong into this repository.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 PYTHONDONTWRITEBYTECODE=1

out=${2:-${TMPDIR:-/tmp}/outerloop-demo}
marker=.outerloop-demo
if [ -e "$out" ] && [ ! -L "$out" ] && [ -f "$out/$marker" ]; then
    rm -rf -- "$out"
elif [ -n "$(ls -A -- "$out" 2>/dev/null)" ]; then
    fail "$out is not empty, and no earlier demo made it"
fi
mkdir -p -- "$out"
out=$(cd -- "$out" && pwd)
touch -- "$out/$marker"

service=
stop_service() {
    if [ -n "$service" ]; then
        kill "$service" 2>/dev/null || true
        wait "$service" 2>/dev/null || true
        service=
    fi
}
trap stop_service EXIT

echo "[1/5] Make the repository of a small service, with its history"
"$python" "$here/make_repo.py" "$out/shop"
echo "      $(git -C "$out/shop" rev-list --count HEAD) commits up to $(git -C "$out/shop" describe --tags) in $out/shop"

echo "[2/5] Run release v1.4.0 and send it requests"
# Deployed elsewhere, as in real life: the paths in its logs are not those of the checkout.
mkdir "$out/app"
git -C "$out/shop" archive v1.4.0 | tar -x -C "$out/app"
archive=$out/archive.jsonl
if [ -c /dev/full ]; then
    ln -s /dev/full "$archive" # A disk without a free byte.
else
    echo "      no /dev/full here: the full disk is left out"
fi
# The stock database is down: a port that nothing listens on.
closed=$("$python" -c '
import socket
for port in range(1, 1024):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)):
            print(port)
            break')
(
    cd "$out/app"
    exec "$python" -m shop --port 0 --port-file "$out/port" --log-dir "$out/logs" \
        --archive "$archive" --stock "127.0.0.1:$closed"
) 2>"$out/service.stderr" &
service=$!
for _ in $(seq 100); do
    [ -s "$out/port" ] && break
    kill -0 "$service" 2>/dev/null || break
    sleep 0.1
done
[ -s "$out/port" ] || fail "the service did not start: $(cat "$out/service.stderr")"
echo "      $("$python" "$here/traffic.py" "http://127.0.0.1:$(cat "$out/port")")"
stop_service
[ -f "$out/logs/$log" ] || fail "the service writes no $log"
lines() { wc -l <"$1" | tr -d ' '; }
echo "      $(lines "$out/logs/shop.log") lines of log, $(lines "$out/logs/events.jsonl") errors among them"

echo "[3/5] outerloop fix: from $log to verified fixes, each on a branch"
started=$SECONDS
status=0
(
    cd "$out"
    exec "$outerloop" fix --log "$out/logs/$log" --repo "$out/shop" --branch --output json >"$out/fix.json"
) || status=$?
seconds=$((SECONDS - started))
case $status in
    0) ;;
    3) echo "      it found errors and fixed none" ;;
    4) fail "outerloop saw no error in $out/logs/$log" ;;
    *) fail "outerloop fix failed with status $status" ;;
esac

echo "[4/5] Push the branches, write the pull requests"
git init --quiet --bare "$out/origin.git"
git -C "$out/origin.git" symbolic-ref HEAD refs/heads/main
git -C "$out/shop" remote add origin "$out/origin.git"
git -C "$out/shop" push --quiet origin main --tags
if [ -n "$(git -C "$out/shop" for-each-ref 'refs/heads/outerloop/')" ]; then
    git -C "$out/shop" push --quiet origin 'refs/heads/outerloop/*:refs/heads/outerloop/*'
fi
"$python" "$here/pages.py" write "$out"

echo "[5/5] Check the fixes against what we know of the bugs, which outerloop has not seen"
verdict=0
"$python" "$here/oracle.py" "$out" || verdict=$?

echo
"$python" "$here/pages.py" table "$out" --seconds "$seconds"
[ "$verdict" -eq 0 ] || exit 1

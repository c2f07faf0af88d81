#!/bin/sh
# Builds the Python guest and prints where it is: build.sh OUT_DIR [PROGRAM.py ...]
#
# It lands in OUT_DIR/<hash of all inputs>/guest.wasm, and is built only where that is absent. The programs are compiled
# into it, so that running their very text later costs no compiling. Needs python3 with pip, and on the first time the
# network (PyPI, by hash). Two builds of the same inputs differ in Python's hash seed alone.
set -eu

usage="usage: build.sh OUT_DIR [PROGRAM.py ...]"
out=${1:?"$usage"}
shift
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

hash=$(
    {
        (cd "$here" && find . -type f ! -path '*/__pycache__/*' -print | LC_ALL=C sort | xargs sha256sum)
        for program in "$@"; do sha256sum <"$program"; done
    } | sha256sum | cut -c1-16
)
guest=$out/$hash/guest.wasm
if [ -f "$guest" ]; then
    echo "$guest"
    exit 0
fi

mkdir -p "$out"
work=$(mktemp -d "$out/building.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/env/lib/site-packages" "$work/programs" "$work/done"

echo "building the Python guest: about a minute, once" >&2
install() {
    python3 -m pip --disable-pip-version-check install --quiet --root-user-action ignore --no-deps --only-binary :all: --ignore-requires-python \
        --require-hashes --target "$1" --requirement "$2" >&2
}
install "$work/tools" "$here/tools.txt"
install "$work/packages" "$here/packages.txt"
n=0
for program in "$@"; do
    n=$((n + 1))
    cp "$program" "$work/programs/$n.py"
done

# An environment of its own, or componentize-py would look through this machine's site-packages.
PYTHONPATH=$work/tools VIRTUAL_ENV=$work/env python3 -c 'import componentize_py; componentize_py.script()' \
    --quiet --wit-path "$here/wit" --world guest componentize \
    --python-path "$here/src" --python-path "$here/stubs" --python-path "$work/packages" --python-path "$work/programs" \
    outerloop_guest --output "$work/done/guest.wasm" >&2

mv "$work/programs/.cold" "$work/done/not-loaded.txt"
mv -T "$work/done" "$out/$hash" 2>/dev/null || [ -f "$guest" ] # Another build may have been first.
echo "$guest"

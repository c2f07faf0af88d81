"""Fetches one release as its maintainers published it, and unpacks it without running any of it.

    fetch.py release PACKAGE VERSION FOLDER [SHA256]    the source release; the wheel where there is none
    fetch.py unpack ARCHIVE FOLDER [SHA256]

Prints the archive's SHA-256; one that is not the digest asked for is not unpacked.
Standard library only. Which index, and with which certificates, is what pip is configured with.
"""

import ast
import base64
import hashlib
import html.parser
import json
import os
import re
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

SOURCE = (".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz")
MAX_DOWNLOAD = 500 << 20
MAX_UNPACKED = 2 << 30


class Unfetched(Exception):
    """Why a release can't be had, in words for a person."""


def pip_settings():
    """pip's own configuration: {option: value}, the environment above a command's section above the global one."""
    shown = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
    if shown.returncode:
        raise Unfetched("pip does not run: " + shown.stderr.strip()[-300:])
    rank = {"global": 0, "download": 1, "install": 1, ":env:": 2}
    settings = {}
    for line in shown.stdout.splitlines():
        key, equals, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if not equals or section not in rank:
            continue
        try:
            value = str(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            pass
        if rank[section] >= settings.get(option, (-1,))[0]:
            settings[option] = (rank[section], value)
    return {option: value for option, (_, value) in settings.items()}


def index_urls(settings):
    first = settings.get("index-url")
    if not first:
        try:
            from pip._internal.models.index import PyPI
        except ImportError:
            raise Unfetched("pip names no index: set index-url in its configuration") from None
        first = PyPI.simple_url
    return [first, *settings.get("extra-index-url", "").split()]


def opener(settings):
    context = ssl.create_default_context()
    if settings.get("cert"):
        context.load_verify_locations(settings["cert"])
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))


def read(web, url, accept="*/*"):
    """The body, its type and its final address."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Accept": accept, "User-Agent": "outerloop-eval"}
    if parts.username:
        login = urllib.parse.unquote(parts.username) + ":" + urllib.parse.unquote(parts.password or "")
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    request = urllib.request.Request(urllib.parse.urlunsplit(parts), headers=headers)
    for attempt in range(4):
        try:
            with web.open(request, timeout=120) as reply:
                body = reply.read(MAX_DOWNLOAD + 1)
                if len(body) > MAX_DOWNLOAD:
                    raise Unfetched(f"larger than {MAX_DOWNLOAD >> 20} MiB")
                return body, reply.headers.get("Content-Type", ""), reply.geturl()
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            final = isinstance(error, urllib.error.HTTPError) and error.code < 500 and error.code != 429
            if final or attempt == 3:
                raise
            time.sleep(2**attempt)


class Links(html.parser.HTMLParser):
    """The files of an index page in HTML."""

    def __init__(self, base):
        super().__init__()
        self.base, self.files = base, []

    def handle_starttag(self, tag, attrs):
        href = dict(attrs).get("href")
        if tag == "a" and href:
            url, _, fragment = urllib.parse.urljoin(self.base, href).partition("#")
            name = urllib.parse.unquote(url.rpartition("/")[2])
            digest = urllib.parse.parse_qs(fragment).get("sha256", [None])[0]
            self.files.append((name, url, digest))


def files_of(web, index, package):
    """Every file that the index lists for a package: (name, address, sha256 or None)."""
    url = f"{index.rstrip('/')}/{normal_name(package)}/"
    accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
    body, kind, base = read(web, url, accept)
    if "json" in kind:
        return [
            (f["filename"], urllib.parse.urljoin(base, f["url"]), f.get("hashes", {}).get("sha256"))
            for f in json.loads(body)["files"]
        ]
    page = Links(base)
    page.feed(body.decode("utf-8", "replace"))
    return page.files


def normal_name(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def normal_version(version):
    return re.sub(r"(\.0)+$", "", re.sub(r"[-_]", ".", version.lower().removeprefix("v")))


def is_source(name, package, version):
    for ending in SOURCE:
        if name.lower().endswith(ending):
            stem = name[: -len(ending)]
            # The name may hold hyphens, and so may an old version: try every cut.
            return any(
                normal_name(stem[:cut.start()]) == normal_name(package)
                and normal_version(stem[cut.end():]) == normal_version(version)
                for cut in re.finditer("-", stem)
            )
    return False


def is_wheel(name, package, version):
    parts = name.split("-")
    return (
        name.endswith(".whl")
        and len(parts) >= 5
        and normal_name(parts[0]) == normal_name(package)
        and normal_version(parts[1]) == normal_version(version)
    )


def choose(files, package, version):
    """The files to try, best first: source, then a wheel for every platform, then any wheel."""
    ranked = []
    for file in files:
        if is_source(file[0], package, version):
            ranked.append((SOURCE.index(next(e for e in SOURCE if file[0].lower().endswith(e))), file))
        elif is_wheel(file[0], package, version):
            ranked.append((10 if file[0].endswith("-none-any.whl") else 11, file))
    return [file for _, file in sorted(ranked, key=lambda r: r[0])]


def fetch_release(package, version, folder, pin=None):
    settings = pip_settings()
    web = opener(settings)
    said = []
    for index in index_urls(settings):
        try:
            found = choose(files_of(web, index, package), package, version)
        except (OSError, ValueError, KeyError) as error:
            said.append(str(error))
            continue
        for name, url, digest in found[:1]:
            data = read(web, url)[0]
            if digest and hashlib.sha256(data).hexdigest() != digest:
                raise Unfetched(f"{name}: not the SHA-256 that the index states")
            with tempfile.TemporaryDirectory() as home:
                archive = os.path.join(home, os.path.basename(name))
                with open(archive, "wb") as out:
                    out.write(data)
                unpack(archive, folder, pin)
            return
    raise Unfetched(f"no index has {package} {version}" + "".join(f" ({s})" for s in said))


def unpack(archive, folder, pin=None):
    """Unpacks inside the folder only: no path or link leads out of it, no device, no owner."""
    with open(archive, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    if pin and digest != pin:
        raise Unfetched(f"{os.path.basename(archive)} has the SHA-256 {digest}, and {pin} is pinned")
    print(digest)
    if archive.lower().endswith((".zip", ".whl")):
        with zipfile.ZipFile(archive) as packed:
            limit(info.file_size for info in packed.infolist())
            packed.extractall(folder)
        return
    if not hasattr(tarfile, "data_filter"):
        raise Unfetched("this Python's tarfile can't unpack safely (3.11.4 or later can)")
    with tarfile.open(archive) as packed:
        limit(member.size for member in packed)
        packed.extractall(folder, filter="data")


def limit(sizes):
    if sum(sizes) > MAX_UNPACKED:
        raise Unfetched(f"unpacks to more than {MAX_UNPACKED >> 30} GiB")


def main(what, *args):
    os.umask(0o022)
    try:
        {"release": fetch_release, "unpack": unpack}[what](*args)
    except (Unfetched, OSError, tarfile.TarError, zipfile.BadZipFile, ValueError) as error:
        sys.exit(str(error) or type(error).__name__)


if __name__ == "__main__":
    main(*sys.argv[1:])

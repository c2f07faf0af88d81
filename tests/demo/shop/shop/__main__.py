"""Runs the service: python3 -m shop --port 8080."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from shop import __version__, logs
from shop.app import Shop
from shop.db import StockDatabase
from shop.server import Server
from shop.storage import Archive, Store

logger = logging.getLogger("shop")


def main() -> None:
    options = parse_options()
    logs.configure(options.log_dir, release=f"v{__version__}")
    host, port = options.stock.rsplit(":", 1)
    shop = Shop(Store.load(), StockDatabase(host, int(port)), Archive(options.archive))
    server = Server((options.host, options.port), shop)
    if options.port_file:
        options.port_file.write_text(f"{server.server_port}\n")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logger.info("shop %s listens on %s:%d", __version__, options.host, server.server_port)
    try:
        server.serve_forever()
    finally:
        server.server_close()
        logger.info("shop stopped")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="shop", description="Serve the shop over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="where to write the port that was taken")
    parser.add_argument("--log-dir", type=Path, help="default: log to standard error")
    parser.add_argument("--archive", type=Path, default=Path("archive.jsonl"))
    parser.add_argument("--stock", default="127.0.0.1:5433", help="the stock database, as HOST:PORT")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""A plugin for pytest that says how each test ended and, with INJECTED_LOGS, writes the log of a crash.

INJECTED_RESULTS   file that gets a line of JSON a test
INJECTED_LOGS      folder for sentry.json and text.log of the test that fails, as `outerloop eval` writes them
INJECTED_NAME      the package's name, which the SDK is told to be the program's own
INJECTED_RECORD    deploy/src/eval/record.py; INJECTED_TOOLS, a folder with sentry-sdk
"""

import json
import os
import sys

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if not (report.when == "call" or report.failed or report.skipped):
        return
    error = call.excinfo
    last = error.traceback[-1] if error is not None and error.traceback else None
    result = {
        "id": item.nodeid,
        "when": report.when,
        "outcome": report.outcome,
        "type": error.typename if error else None,
        "path": str(last.path) if last else None,
    }
    with open(os.environ["INJECTED_RESULTS"], "a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    if error is not None and report.when == "call" and "INJECTED_LOGS" in os.environ:
        write_logs(error.value, os.path.realpath(str(item.path)))


def write_logs(error, test_file):
    """The trace starts at the test: what runs it is no part of the program."""
    trace = error.__traceback__
    while trace is not None and os.path.realpath(trace.tb_frame.f_code.co_filename) != test_file:
        trace = trace.tb_next
    if trace is None:
        return
    with open(os.environ["INJECTED_RECORD"], encoding="utf-8") as file:
        source = file.read().replace("main(*sys.argv[1:])", "")
    record = {"__name__": "record"}
    exec(compile(source, "record.py", "exec"), record)
    sys.path.insert(0, os.environ["INJECTED_TOOLS"])
    for kind, name in (("as_sentry", "sentry.json"), ("as_text", "text.log")):
        path = os.path.join(os.environ["INJECTED_LOGS"], name)
        record[kind](path, error.with_traceback(trace), "1.0", os.environ["INJECTED_NAME"])

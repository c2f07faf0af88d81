import json
import logging
import sys

from shop.app import Request
from shop.logs import JsonFormatter
from shop.telemetry import EventHandler, serialize


def failed_record(**fields):
    basket = {"T-1004": 2}
    try:
        basket["C-2001"]
    except KeyError:
        record = logging.LogRecord("shop", logging.ERROR, __file__, 1, "%s failed", ("GET /",), sys.exc_info())
    record.__dict__.update(fields)
    return record


def test_json_formatter():
    fields = json.loads(JsonFormatter().format(failed_record()))
    assert fields["levelname"] == "ERROR"
    assert fields["message"] == "GET / failed"
    assert fields["exc_info"].endswith("KeyError: 'C-2001'")


def test_event(tmp_path):
    handler = EventHandler(tmp_path / "events.jsonl", "v1.4.0")
    handler.emit(failed_record(request=Request("POST", "/orders", body={"user": "u1"})))
    handler.emit(logging.LogRecord("shop", logging.INFO, __file__, 1, "fine", (), None))
    handler.close()
    [line] = (tmp_path / "events.jsonl").read_text("utf-8").splitlines()
    event = json.loads(line)
    assert event["release"] == "v1.4.0"
    assert event["request"] == {"method": "POST", "url": "/orders", "data": {"user": "u1"}}
    [error] = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("KeyError", "'C-2001'")
    frame = error["stacktrace"]["frames"][-1]
    assert frame["function"] == "failed_record"
    assert frame["context_line"].strip() == 'basket["C-2001"]'
    assert frame["vars"]["basket"] == {"T-1004": "2"}


def test_serialize():
    assert serialize({"name": "tea", "count": 3, "note": None}) == {"name": "'tea'", "count": "3", "note": "None"}
    assert serialize((1, "a")) == ["1", "'a'"]
    assert len(serialize(list(range(50)))) == 10
    assert serialize([[[[[["deep"]]]]]]) == [[[[["['deep']"]]]]]

import structlog
from structlog.tracebacks import ExceptionDictTransformer


def pipeline(options):
    return structlog.processors.ExceptionRenderer(ExceptionDictTransformer(use_rich=False, **options))


def handle(options, payload):
    render = pipeline(options)
    try:
        return payload["user"]
    except KeyError:
        event = render(None, "error", {"event": "no user", "exc_info": True})
        return len(event["exception"][0]["frames"][-1]["locals"]["payload"])


print(handle({"show_locals": True, "locals_max_string": 20}, {"text": "x" * 100}))
print(handle({"show_locals": True, "locals_max_string": None}, {"text": "x" * 100}))

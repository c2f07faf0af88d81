import attr


def model(name, fields):
    """A class from a schema; the hook sees the arguments before they are set."""
    seen = []

    def __attrs_pre_init__(self, **given):
        seen.append(sorted(given))

    body = {"__attrs_pre_init__": __attrs_pre_init__, "seen": seen}
    return attr.make_class(name, {k: attr.ib(kw_only=True, **kw) for k, kw in fields.items()}, class_body=body)


def handle(schema, values):
    cls = model("Row", schema)
    return cls(**values), cls.seen


print(handle({"id": {}, "note": {}}, {"id": 1, "note": "x"}))
print(handle({"id": {}, "note": {"default": "-"}}, {"id": 1}))

from box import Box


def setting(config, path, fallback=None):
    return config[path] if path in config else fallback


def handle(data, *paths):
    config = Box(data, box_dots=True)
    return [setting(config, path, "-") for path in paths]


print(handle({"db": {"host": "a", "port": 5432}}, "db.host", "db.user", "cache.ttl"))
print(handle({"db": {"port": 5432}, "cache": 60}, "db.port", "cache.ttl"))

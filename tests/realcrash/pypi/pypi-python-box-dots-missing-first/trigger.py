from box import Box


def timeout(config):
    return config.get("db.timeout", 30)


def size(config):
    return config.get("cache.size", 100)


def handle(data):
    config = Box(data, box_dots=True)
    return timeout(config), size(config)


print(handle({"db": {"host": "a"}, "cache": {"size": 5}}))
print(handle({"db": {"host": "a", "timeout": 3}}))

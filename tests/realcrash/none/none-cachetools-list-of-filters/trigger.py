from cachetools import TTLCache, cached

calls = []


@cached(TTLCache(maxsize=100, ttl=60))
def search(text, filters=()):
    calls.append(text)
    return f"{text} in {', '.join(map(str, filters)) or 'everything'}"


def handle(query):
    return search(query["text"], query.get("filters", ()))


print(handle({"text": "lamp"}))
print(handle({"text": "lamp", "filters": ["sale", "new"]}))

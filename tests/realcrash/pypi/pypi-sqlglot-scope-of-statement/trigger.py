import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope


def tables(query):
    found = set()
    for scope in traverse_scope(sqlglot.parse_one(query)):
        found.update(s.name for s in scope.sources.values() if isinstance(s, exp.Table))
    return sorted(found)


def handle(queries):
    return {name: tables(query) for name, query in queries.items()}


print(handle({"users": "SELECT * FROM users JOIN (SELECT id FROM orders) AS o ON o.id = users.id"}))
print(handle({"columns": "SELECT column_name FROM (DESCRIBE users) AS d"}))

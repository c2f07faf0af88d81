import sqlparse


def pretty(sql):
    return sqlparse.format(sql, reindent_aligned=True, keyword_case="upper")


def handle(queries):
    return {name: pretty(sql) for name, sql in queries.items()}


print(handle({"ages": "select case when a > 18 then 'adult' else 'child' end as kind from people"}))
print(handle({"draft": "select case when a > 18 then begin end from people"}))

import sys


def check(label, call, *want):
    """`call` gives one of `want`, of the same type."""
    try:
        got = call()
    except Exception as e:
        print(f"{label}: {type(e).__name__}: " + " ".join(str(e).split()))
        sys.exit(1)
    if not any(got == w and type(got) is type(w) for w in want):
        print(f"{label}: got {got!r}, want {want[0]!r}")
        sys.exit(1)


import sqlparse


def lay(sql, **kw):
    return sqlparse.format(sql, **{"reindent_aligned": True, **kw})


def words(sql):
    return lay(sql).split()


def same(sql):
    """Nothing of the statement is lost but white space."""
    return "".join(words(sql)) == "".join(sql.split())


for label, sql in {
    "begin and end": "select case when x then begin end",
    "begin and end, no when": "select case begin end",
    "with more after it": "select case when a > 18 then begin end from people where b = 2",
    "two whens": "select case when a then 1 when b then begin end from t",
    "after a whole one": "select case when a then 1 else 2 end, case when x then begin end from t",
    "else": "select case when a then 1 else begin end from t",
}.items():
    check(label, lambda: same(sql), True)
check("before it is laid out", lambda: lay("select a, b, case when x then begin end from t").splitlines()[:2], ["select a,", "       b,"])
WHOLE = "select case when a > 18 then 'adult' when a then 'x' else 'child' end as kind from people"
check("whole", lambda: lay(WHOLE).splitlines(), ["select case when a > 18 then 'adult'", "            when a      then 'x'", "            else 'child'", "             end as kind", "  from people"])
check("whole, upper case", lambda: lay("select case when a then 1 end from t", keyword_case="upper").splitlines(), ["SELECT CASE WHEN a THEN 1", "             END", "  FROM t"])
check("no case", lambda: lay("select a, b from t where c = 1 and d = 2").splitlines(), ["select a,", "       b", "  from t", " where c = 1", "   and d = 2"])
check("open case", lambda: same("select case when a then 1"), True)
check("other layout", lambda: lay("select case when x then begin end", reindent_aligned=False), "select case when x then begin end")

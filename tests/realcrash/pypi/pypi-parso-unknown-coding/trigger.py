import parso
from parso.utils import python_bytes_to_unicode


def functions(source):
    tree = parso.parse(python_bytes_to_unicode(source, errors="replace"), version="3.8")
    return [f.name.value for f in tree.iter_funcdefs()]


def handle(upload):
    return {name: functions(data) for name, data in upload.items()}


print(handle({"a.py": b"def f(): pass\n", "b.py": b"# coding: latin-1\ndef g(): '\xe9'\n"}))
print(handle({"c.py": b"# -*- coding: utf-8mb4 -*-\ndef h(): pass\n"}))

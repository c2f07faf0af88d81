import attr


@attr.s
class Job:
    name = attr.ib()
    retries = attr.ib(default=0)
    result = attr.ib(init=False)

    def run(self, fn):
        self.result = fn()
        return self


def handle(name):
    job = Job(name)
    print("start", job)
    return repr(job.run(lambda: 42))


print(repr(attr.make_class("Point", ["x", "y"])(1, 2)))
print(handle("backup"))

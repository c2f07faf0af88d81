from shiftload import Job, busiest, shifts

JOBS = [Job("drill", 480, 540), Job("saw", 500, 600)]


def handle(plan, jobs):
    return busiest(shifts(plan), jobs)


print(handle("drill 08:00 10:00\nsaw 08:00 10:00\n", JOBS))
print(handle("drill 08:00 08:00\nsaw 08:00 10:00\n", JOBS))

#!/usr/bin/env python3
"""Show people what `outerloop fix` printed as JSON.

    pages.py write OUT_DIR    write OUT_DIR/pull-requests/<bug>.md for each fix in OUT_DIR/fix.json
    pages.py table OUT_DIR    print one line for each bug
"""

import argparse
import json
import re
import subprocess
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["write", "table"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, help="how long outerloop took")
    options = parser.parse_args()
    report = json.loads((options.out / "fix.json").read_text("utf-8"))
    if options.command == "write":
        write(options.out, report["bugs"])
    else:
        print(table(report, options.seconds))


def write(out, bugs):
    events = read_events(out / "logs" / "events.jsonl")
    folder = out / "pull-requests"
    folder.mkdir(exist_ok=True)
    for bug in bugs:
        if bug["fix"]:
            path = folder / f"{bug['id']}.md"
            path.write_text(page(bug, branch_of(out / "shop", bug), events), "utf-8")
            print(f"      {path}")


def read_events(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def branch_of(repo, bug):
    """Return the branch that carries a bug's fix, None if there is none."""
    listed = subprocess.run(
        ["git", "for-each-ref", "--format=%(refname:short)", "refs/heads/outerloop/"],
        cwd=repo,
        check=True,
        stdout=subprocess.PIPE,
        universal_newlines=True,
    )
    branches = listed.stdout.split()
    exact = f"outerloop/{bug['id']}"
    return exact if exact in branches else next((name for name in branches if bug["id"] in name), None)


def page(bug, branch, events):
    """Return the page of a pull request, in Markdown."""
    fix, exception = bug["fix"], bug["exception"]
    test = fix["test"]
    lines = [f"# {bug['title']}", ""]
    lines += [f"`{branch}` into `main`, confidence {fix['confidence']:.0%}.", ""]
    lines += ["## What happened", ""]
    times = "once" if bug["count"] == 1 else f"{bug['count']} times"
    lines += [f"The log shows this {times}:", ""]
    lines += fenced("\n".join(crash_site(bug, events) + [f"{exception['type']}: {exception['message']}"]))
    lines += ["## The change", ""]
    lines += fenced(fix["diff"], "diff")
    lines += ["## The test", "", f"`{test['path']}` crashes the same way without the change, and passes with it.", ""]
    lines += fenced(test["source"], "python")
    lines += ["## What was checked", "", "| gate | outcome | detail | ms |", "|---|---|---|--:|"]
    for gate in fix["gates"]:
        cells = [gate["gate"], gate["outcome"], gate["detail"] or "", f"{gate['ms']}"]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    lines += ["", f"Candidates tried: {fix['candidates']}; this one came from {fix['generator']}.", ""]
    lines += ["## See for yourself", ""]
    lines += fenced(
        f"git clone origin.git check && cd check\n"
        f"git checkout {branch}\n"
        f"python3 -m pytest            # all green\n"
        f"git checkout main -- shop    # the code as it was\n"
        f"python3 -m pytest {test['path']}    # red",
        "sh",
    )
    return "\n".join(lines).rstrip("\n") + "\n"


def crash_site(bug, events):
    """Return the line of the trace that names the crash, and the code there."""
    for event in events:
        error = event["exception"]["values"][-1]
        if (error["type"], error["value"]) == (short(bug["exception"]["type"]), bug["exception"]["message"]):
            frame = [frame for frame in error["stacktrace"]["frames"] if frame["in_app"]][-1]
            place = f'File "{frame["filename"]}", line {frame["lineno"]}, in {frame["function"]}'
            return [place, "  " + frame["context_line"].strip()]
    return [f'File "{place["file"]}", line {place["line"]}, in {place["function"]}' for place in bug["locations"][:1]]


def short(exception_type):
    return exception_type.split(".")[-1]


def fenced(text, language=""):
    """Return lines with a fence that is longer than any within."""
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return [fence + language, text.rstrip("\n"), fence, ""]


def table(report, seconds):
    """Return one line for each bug below a headline, and the sums."""
    rows = [("events", "exception", "what came of it", "seconds")]
    for bug in sorted(report["bugs"], key=lambda bug: (rank(bug), -bug["count"])):
        rows.append((str(bug["count"]), headline(bug), outcome(bug), f"{bug['ms'] / 1000:.1f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for count, exception, what, took in rows:
        lines.append(f"  {count:>{widths[0]}}  {exception:<{widths[1]}}  {took:>{widths[3]}}  {what}")
    lines.insert(1, "  " + "  ".join("-" * widths[column] for column in (0, 1, 3, 2)))
    ranks = [rank(bug) for bug in report["bugs"]]
    took = "" if seconds is None else f" in {seconds:.0f} s"
    lines += ["", f"  {report['events']} events, {len(ranks)} bugs{took}: "]
    lines[-1] += f"{ranks.count(0)} with a verified fix, {ranks.count(1)} not for code, {ranks.count(2)} left unfixed"
    return "\n".join(lines)


def rank(bug):
    """Fixed ones first, then those that code can't cure, then those that were tried in vain."""
    if bug["fix"]:
        return 0
    return 1 if bug["assessment"]["kind"] == "not_fixable" else 2


def headline(bug, width=60):
    text = f"{short(bug['exception']['type'])}: {bug['exception']['message']}".splitlines()[0]
    return text if len(text) <= width else text[: width - 1] + "…"


def outcome(bug, width=100):
    if bug["fix"]:
        return f"fixed, confidence {bug['fix']['confidence']:.0%}: pull-requests/{bug['id']}.md"
    declined = bug["assessment"]["kind"] == "not_fixable"
    why = (bug["assessment"]["reason"] if declined else bug["why_not"]) or "no reason given"
    text = ("declined: " if declined else "unfixed: ") + " ".join(why.split())
    return text if len(text) <= width else text[: width - 1] + "…"


if __name__ == "__main__":
    main()

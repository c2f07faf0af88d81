#!/usr/bin/env python3
"""Calibrates the fixer's confidence: how likely the first of its behaviours is right, by what speaks for it.

    outerloop eval DIR --ranked --report REPORT        judges every behaviour that the choice was between
    python3 tests/realcrash/calibrate.py REPORT...     fits, and tries each package with what the others taught

Logistic regression with a Gaussian prior on the weights, fitted by Newton's method. The table is of packages left out one
at a time: a threshold's counts are of cases whose package the weights have not seen. Cases of the half `check` are left
out: they measure. Prints the constants of fixer/src/lang/python/confidence.rs.
"""
import collections
import json
import math
import sys

# The same as in fixer/src/lang/python/confidence.rs, in its order.
NAMES = ["bias", "lead", "nothing beside"]
# Inverse variance of the prior of each weight (standard deviation 1.4); the bias is free.
RIDGE = 0.5


def features(ranked):
    """What is known of the first behaviour and its nearest rival, as numbers of about the size of one."""
    first = ranked[0]["evidence"]
    rival = min(ranked[1]["evidence"]["score"] / first["score"], 1.0) if len(ranked) > 1 else 0.0
    lead = min(max(first["score"] * (1 - rival / 2), 0.02), 0.98)
    return [1.0, math.log(lead / (1 - lead)), float(first["n_unchanged"] == 0)]


def rows(files):
    """Of each case and log the features of the first behaviour, whether it is right, and its package."""
    out = []
    for file in files:
        with open(file, encoding="utf-8") as text:
            report = json.load(text)
        for case in report["cases"]:
            if case.get("half") == "check":
                continue
            bugs = (case.get("answer") or {}).get("bugs") or []
            for ranked in (bug.get("ranked") or [] for bug in bugs):
                if ranked and "right" in ranked[0]:
                    out.append((features(ranked), ranked[0]["right"], case.get("package") or case["id"]))
    return out


def sigmoid(x):
    return 1 / (1 + math.exp(-max(min(x, 30), -30)))


def solve(matrix, right):
    """Gauss-Jordan elimination with pivoting; the matrix is small and positive definite."""
    n = len(right)
    a = [row[:] + [right[i]] for i, row in enumerate(matrix)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(a[r][i]))
        a[i], a[pivot] = a[pivot], a[i]
        for r in range(n):
            if r != i:
                factor = a[r][i] / a[i][i]
                a[r] = [x - factor * y for x, y in zip(a[r], a[i])]
    return [a[i][n] / a[i][i] for i in range(n)]


def fit(data):
    n = len(NAMES)
    ridge = [1e-3] + [RIDGE] * (n - 1)
    weights = [0.0] * n
    for _ in range(50):
        gradient = [-r * w for r, w in zip(ridge, weights)]
        hessian = [[ridge[i] if i == j else 0.0 for j in range(n)] for i in range(n)]
        for x, right, _ in data:
            p = sigmoid(sum(w * v for w, v in zip(weights, x)))
            for i in range(n):
                gradient[i] += (right - p) * x[i]
                for j in range(n):
                    hessian[i][j] += p * (1 - p) * x[i] * x[j]
        step = solve(hessian, gradient)
        weights = [w + s for w, s in zip(weights, step)]
        if max(map(abs, step)) < 1e-9:
            break
    return weights


def main(files):
    data = rows(files)
    if not data:
        sys.exit("no report has judged behaviours: run `outerloop eval DIR --ranked --report REPORT`")
    packages = sorted({package for _, _, package in data})
    told = []
    for package in packages:
        weights = fit([row for row in data if row[2] != package])
        for x, right, _ in (row for row in data if row[2] == package):
            told.append((sigmoid(sum(w * v for w, v in zip(weights, x))), right))
    n_right = sum(right for _, right in told)
    brier = sum((p - right) ** 2 for p, right in told) / len(told)
    share = n_right / len(told)
    print(f"{len(told)} choices of {len(packages)} packages, {n_right} right; each package judged by the others")
    print(f"Brier score {brier:.3f} (always saying {share:.2f}: {share * (1 - share):.3f})")
    print("confidence      choices  said   right")
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        inside = [(p, right) for p, right in told if low <= p < low + 0.2]
        if inside:
            said = sum(p for p, _ in inside) / len(inside)
            print(f"{low:.1f} to {low + 0.2:.1f}   {len(inside):8}  {said:.2f}  {sum(r for _, r in inside) / len(inside):6.2f}")
    print("threshold  proposed  right  wrong")
    for threshold in (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9):
        kept = collections.Counter(right for p, right in told if p >= threshold)
        print(f"{threshold:9.2f}  {sum(kept.values()):8}  {kept[True]:5}  {kept[False]:5}")
    weights = fit(data)
    print("all of them: " + ", ".join(f"{name} {weight:.2f}" for name, weight in zip(NAMES, weights)))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])

#!/usr/bin/env python3
"""Ratios of our times to LibTorch's, workload by workload (below 1: ours is faster).

    compare.py TARGETS.tsv OURS.tsv... THEIRS.tsv...

As many files of ours as of theirs, in the order of the rounds. Lines of ours: name, median us. Of theirs: name, median
us at the best setting, median us as installed. The ratio is the median over the rounds. Workloads that miss their
target are marked and counted; those that only one side has are listed.
"""
import math
import statistics
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        rows = (line.rstrip("\n").split("\t") for line in file if "\t" in line)
        return {row[0]: [float(number) for number in row[1:3]] for row in rows}


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main(arguments):
    if len(arguments) < 3 or len(arguments) % 2 == 0:
        sys.exit(__doc__)
    targets = {name: numbers[0] for name, numbers in read(arguments[0]).items()}
    runs = [read(path) for path in arguments[1:]]
    ours, theirs = runs[: len(runs) // 2], runs[len(runs) // 2 :]
    both = [name for name in theirs[0] if all(name in run for run in runs)]
    print(f"{'workload':<46}{'ours us':>11}{'theirs us':>11}{'ratio':>8}{'target':>8}{'installed':>11}")
    best, installed, missed = [], [], 0
    for name in both:
        ratio = statistics.median(a[name][0] / b[name][0] for a, b in zip(ours, theirs))
        plain = statistics.median(a[name][0] / b[name][1] for a, b in zip(ours, theirs))
        target = targets.get(name)
        late = target is not None and ratio > target
        missed += late
        best.append(ratio)
        installed.append(plain)
        goal = "" if target is None else f"{target:g}"
        mine = statistics.median(run[name][0] for run in ours)
        other = statistics.median(run[name][0] for run in theirs)
        print(f"{name:<46}{mine:>11.3f}{other:>11.3f}{ratio:>8.3f}{goal:>8}{plain:>11.3f}{'  missed' if late else ''}")
    if both:
        print(f"{len(both)} workloads, {missed} miss their target; geometric mean of the ratios {mean(best):.3f}, "
              f"to LibTorch as installed {mean(installed):.3f}")
    for side, extra in (("only theirs", set(theirs[0]) - set(ours[0])), ("only ours", set(ours[0]) - set(theirs[0]))):
        if extra:
            print(f"{side}: {', '.join(sorted(extra))}")


if __name__ == "__main__":
    main(sys.argv[1:])

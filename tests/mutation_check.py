#!/usr/bin/env python3
"""usage: tests/mutation_check.py [--data FOLDER] [--table FILE] [--work FOLDER] [--only TEXT] [--list]

Breaks every gradient formula of autograd/ops in several ways and expects the tests to fail every time.

A copy of the project is made and built once, in which each gradient expression E is rewritten to a call
that gives E back, unless the environment variable XGRAD_MUTANT names one of its mutants: -E, 2 E, and for
each term of a sum or difference within E, E without this term. Then the conformance cases and the tests of
the operations run once for each mutant and stop at the first failure. What the tests do not notice is a
survivor; then the exit code is 1. Expressions that the scanner could not rewrite are listed.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What runs the formulas, not formulas.
LEFT_OUT = {"elementwise.hpp"}
# Mutants that change nothing anyone can see: (operation, expression).
WITHOUT_EFFECT = {
    ("heaviside", "g * 0"),  # nothing is recorded
    ("multi_margin_loss", "g * 0"),  # of a constant
}
OPEN, CLOSE = "([{", ")]}"


class Place:
    """An expression in a file, and what is done to it: `gradient`, `zero` or `term`."""

    def __init__(self, begin, end, kind):
        self.begin, self.end, self.kind, self.number = begin, end, kind, 0


def blanked(text):
    """The text with comments and what stands in quotes replaced by spaces."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)


def closing(code, at):
    """The place of the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in OPEN) - (code[i] in CLOSE)
        if depth == 0:
            return i
    raise ValueError("brackets do not match")


def trimmed(code, begin, end):
    while begin < end and code[begin].isspace():
        begin += 1
    while begin < end and code[end - 1].isspace():
        end -= 1
    return begin, end


def parts(code, begin, end, separator=","):
    """The pieces of code[begin:end] between separators outside brackets."""
    depth, start = 0, begin
    for i in range(begin, end):
        depth += (code[i] in OPEN) - (code[i] in CLOSE)
        if depth == 0 and code[i] == separator:
            yield trimmed(code, start, i)
            start = i + 1
    yield trimmed(code, start, end)


def lambda_body(code, begin):
    """(begin, end) of the body of the lambda that begins here, or None."""
    if code[begin] != "[":
        return None
    match = re.compile(r"\s*\(").match(code, closing(code, begin) + 1)
    if not match:
        return None
    after = closing(code, match.end() - 1) + 1
    brace = code.find("{", after)
    if brace < 0 or not re.fullmatch(r"[\s\w:<>,&*-]*", code[after:brace]):
        return None
    return brace + 1, closing(code, brace)


def closure_body(code, begin, end):
    """(begin, end) of the body of a closure, written here or named, or None."""
    if begin == end:
        return None
    name = re.fullmatch(r"\w+", code[begin:end])
    if name:
        match = re.search(rf"\b{name.group()} = (?=\[)|\bTensor {name.group()}\(const Tensor& \w+\) \{{", code)
        if not match:
            return None
        if match.group().endswith("{"):
            return match.end(), closing(code, match.end() - 1)
        begin = match.end()
    return lambda_body(code, begin)


def without_inner_lambdas(code, begin, end):
    """code with the bodies of lambdas within [begin, end) blanked, in the same length."""
    for match in re.finditer(r"\[[^\[\]]*\]\s*\(", code[begin:end]):
        body = lambda_body(code, begin + match.start())
        if body:
            code = code[: body[0]] + re.sub(r"[^\n]", " ", code[body[0] : body[1]]) + code[body[1] :]
    return code


def statement_end(code, begin):
    depth = 0
    for i in range(begin, len(code)):
        depth += (code[i] in OPEN) - (code[i] in CLOSE)
        if depth == 0 and code[i] == ";":
            return i
    raise ValueError("a statement does not end")


LOWER = re.compile(r" (?:<|>|<=|>=|==|!=|&|&&|\||\|\||\?|:|=|\+=|-=) |,")


def terms(code, begin, end, deep):
    """The operands of all + and - in code[begin:end]; also within brackets, with `deep` those of calls too."""
    found = []
    depth, start, cuts = 0, begin, []

    def close(stop):
        if cuts:
            edges = [start - 3] + cuts + [stop]
            for a, b in zip(edges, edges[1:]):
                found.append(trimmed(code, a + 3, b))

    i = begin
    while i < end:
        if code[i] in OPEN:
            stop = closing(code, i)
            grouping = i == begin or not (code[i - 1].isalnum() or code[i - 1] in "_>")
            if code[i] == "(" and (deep or grouping):
                found.extend(terms(code, i + 1, stop, deep))
            i = stop
        else:
            lower = LOWER.match(code, i)
            if lower:
                close(i)
                start, cuts = lower.end(), []
                i = lower.end() - 1
            elif re.match(r"\s[+-]\s", code[i : i + 3]):
                cuts.append(i)
                i += 2
        i += 1
    close(end)
    return found


def add_expression(code, begin, end, deep, places, problems):
    begin, end = trimmed(code, begin, end)
    expression = code[begin:end]
    if re.fullmatch(r"Tensor\(\)|Tensor\{\}|\{\}|gradients", expression):
        return
    array = re.match(r"std::array(<[^{]*>)?\s*\{", expression)
    if array or expression.startswith("{"):
        brace = begin + (array.end() - 1 if array else 0)
        for a, b in parts(code, brace + 1, closing(code, brace)):
            if a < b:
                add_expression(code, a, b, deep, places, problems)
        return
    if re.fullmatch(r"g \* 0|expand\(g \* 0, \w+\)|zeros_like\(.*\)", expression):
        places.append(Place(begin, end, "zero"))  # -0 and twice 0 are the same
        return
    places.append(Place(begin, end, "gradient"))
    for a, b in terms(code, begin, end, deep):
        if a < b and not re.fullmatch(r"-?[\w.]*", code[a:b]) or re.fullmatch(r"[a-z_]+|1", code[a:b]):
            places.append(Place(a, b, "term"))


def add_body(code, body, deep, places, problems):
    begin, end = body
    own = without_inner_lambdas(code, begin, end)
    count = len(places)
    for match in re.finditer(r"\breturn\b|\bgradients?\[\w+\] = ", own[begin:end]):
        start = begin + match.end()
        add_expression(code, start, statement_end(code, start), deep, places, problems)
    if len(places) == count:
        problems.append((begin, "no gradient expression found in the closure"))


def find_places(code):
    places, problems = [], []
    call = r"\b(gradient|exact_gradient|with_gradients|record_joint|record_view|context\.send)(?:<[^()]*>)?\("
    for match in re.finditer(call, code):
        name, begin = match.group(1), match.end()
        end = closing(code, begin - 1)
        arguments = list(parts(code, begin, end))
        before = code[code.rfind("\n", 0, match.start()) + 1 : match.start()]
        if re.search(r"\b(auto|Tensor|void)&?\s*$", before):
            continue  # a declaration
        if name == "context.send":
            add_expression(code, *arguments[1], False, places, problems)
            continue
        if name == "with_gradients":
            candidates = arguments
        elif name in ("record_joint", "record_view"):
            candidates = arguments[3:4]
        else:
            candidates = arguments[1:2]
        for a, b in candidates:
            if re.fullmatch(r"(input|target)_slope_of\(loss\)", code[a:b]):
                continue  # see below
            body = closure_body(code, a, b)
            if body:
                add_body(code, body, name == "with_gradients", places, problems)
            else:
                problems.append((a, "not a closure: " + " ".join(code[a:b].split())[:60]))
    # The slopes of losses: closures and member functions of these names.
    for match in re.finditer(r"\b(?:input|target)_slope(?: = (?=\[)|\(auto [^)]*\) const \{)", code):
        if code[match.end() - 1] == "{":
            body = (match.end(), closing(code, match.end() - 1))
        else:
            body = lambda_body(code, match.end())
        add_body(code, body, True, places, problems)
    unique = {}
    for place in places:
        unique.setdefault((place.begin, place.end, place.kind), place)
    return list(unique.values()), problems


def rewritten(text, places):
    """The text with calls around the places."""
    inserts = []
    for place in places:
        newline = "\n" if "//" in text[place.begin : place.end] else ""
        inserts.append((place.begin, 1, -place.end, f"::xgrad::mutation::{place.kind}({place.number}, "))
        inserts.append((place.end, 0, -place.begin, newline + ")"))
    inserts.sort(key=lambda i: (i[0], i[1], i[2], "term" in i[3]))
    out, last = [], 0
    for at, _, _, word in inserts:
        out += [text[last:at], word]
        last = at
    text = "".join(out) + text[last:]
    include = max(m.end() for m in re.finditer(r"^#include .*\n", text, flags=re.M))
    return text[:include] + "#include <xgrad/autograd/graph/mutation.hpp>\n" + text[include:]


def operation_at(text, at):
    """The function, or the struct, in which a place lies."""
    names = re.findall(r"^(?:  static constexpr const char\* name = \"(\w+)\"|struct (\w+)|class (\w+)|"
                       r"(?! )[\w:<>&, ]+ \**([\w:]+)\([^;{}]*\) \{|constexpr auto (\w+))", text[:at], flags=re.M)
    return next((n for n in names[-1] if n), "?") if names else "?"


class Mutant:
    def __init__(self, number, file, line, operation, change, expression):
        self.number, self.file, self.line = number, file, line
        self.operation, self.change, self.expression = operation, change, expression
        self.killed_by = None


def rewrite_copy(copy, only):
    """Rewrites the operations in the copy of the project. All mutants, and what could not be rewritten."""
    mutants, left = [], []
    for path in sorted((ROOT / "autograd/ops").iterdir()):
        if path.suffix not in (".cpp", ".hpp"):
            continue
        text = path.read_text()
        code = blanked(text)
        places, problems = find_places(code)
        file = path.relative_to(ROOT).as_posix()
        line_of = lambda at: text.count("\n", 0, at) + 1
        if path.name in LEFT_OUT:
            left.append(f"{file}: left out, it runs the formulas of others")
            continue
        left += [f"{file}:{line_of(at)}: {problem}" for at, problem in problems]
        if not places:
            continue
        for place in sorted(places, key=lambda p: (p.begin, -p.end)):
            changes = {"gradient": ["sign turned", "twice"], "zero": ["1 added"], "term": ["term dropped"]}
            place.number = len(mutants) + 1
            for change in changes[place.kind]:
                mutants.append(Mutant(len(mutants) + 1, file, line_of(place.begin), operation_at(text, place.begin),
                                      change, " ".join(text[place.begin:place.end].split())))
        if copy:
            (copy / file).write_text(rewritten(text, places))
    chosen = [m for m in mutants if only in f"{m.file} {m.operation}"
              and (m.operation, m.expression) not in WITHOUT_EFFECT]
    return chosen, left


def make_copy(copy):
    """The project in the folder `copy`; what was built there stays, so that little is built again."""
    copy.mkdir(parents=True, exist_ok=True)
    for old in copy.iterdir():
        if old.name != "build":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    kept = ["--exclude=" + name for name in ("build", "build-*", ".git", ".cache")]
    tar = subprocess.Popen(["tar", "-C", ROOT, "-c", *kept, "."], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-C", copy, "-x"], stdin=tar.stdout, check=True)
    if tar.wait() != 0:
        raise RuntimeError("the project could not be copied")
    shutil.copy(ROOT / "tests/mutation.hpp", copy / "autograd/graph/mutation.hpp")


def build(copy, jobs):
    configure = ["cmake", "-S", copy, "-B", copy / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                 "-DXGRAD_BUILD_EXAMPLES=OFF", "-DXGRAD_BUILD_BENCHMARKS=OFF"]
    if shutil.which("ccache"):
        configure.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", f"-j{jobs}", "-C", copy / "build", "xgrad_conformance", "test_ops"], check=True)


def failure_of(commands, number):
    """Which command fails with this mutant, and where; None if none does."""
    environment = dict(os.environ, XGRAD_MUTANT=str(number), OMP_NUM_THREADS="1")
    for name, command in commands:
        try:
            run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 timeout=120, text=True, errors="replace")
        except subprocess.TimeoutExpired:
            return f"{name}: time-out"
        if run.returncode != 0:
            case = re.search(r"^TEST CASE:\s*(.*)", run.stdout, flags=re.M)
            last = run.stdout.strip().splitlines()
            place = case.group(1) if case else last[-1].split(":")[0] if last else f"exit code {run.returncode}"
            return f"{name}: {place}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=ROOT.parent / "shared/conformance", type=pathlib.Path,
                        help="the folder of conformance cases")
    parser.add_argument("--table", default=ROOT / "build/mutation.txt", type=pathlib.Path)
    parser.add_argument("--work", default=ROOT / "build/mutation", type=pathlib.Path,
                        help="where the copy is made and built")
    parser.add_argument("--only", default="", help="mutants whose file or operation has this in its name")
    parser.add_argument("--jobs", default=2, type=int)
    parser.add_argument("--list", action="store_true", help="tell the mutants and run nothing")
    options = parser.parse_args()

    copy = None if options.list else options.work.resolve()
    if copy:
        make_copy(copy)
    mutants, left = rewrite_copy(copy, options.only)
    for line in left:
        print("not rewritten:", line)
    if options.list:
        for m in mutants:
            print(f"{m.number}\t{m.file}:{m.line}\t{m.operation}\t{m.change}\t{m.expression[:90]}")
        return 0
    build(copy, options.jobs)

    tests = copy / "build/tests"
    commands = [("conformance", [tests / "xgrad_conformance", "--fail-fast", options.data]),
                ("test_ops", [tests / "test_ops", "--abort-after=1"])]
    if not options.data.is_dir():
        print(f"{options.data} is not there: without conformance cases")
        commands = commands[1:]
    without = failure_of(commands, 0)
    if without:
        print(f"the tests fail without any mutant: {without}")
        return 2

    options.table.parent.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool, open(options.table, "w") as table:
        for mutant, killed_by in zip(mutants, pool.map(lambda m: failure_of(commands, m.number), mutants)):
            mutant.killed_by = killed_by
            outcome = killed_by or "SURVIVED"
            line = "\t".join([f"{mutant.file}:{mutant.line}", mutant.operation, mutant.change,
                              mutant.expression[:80], outcome])
            print(line, flush=True)
            table.write(line + "\n")
            table.flush()
        survivors = [m for m in mutants if not m.killed_by]
        closing_line = (f"{len(mutants)} mutants, {len(mutants) - len(survivors)} killed, "
                        f"{len(survivors)} survived; {len(left)} expressions not rewritten")
        print(closing_line)
        table.write("".join(f"not rewritten: {line}\n" for line in left) + closing_line + "\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

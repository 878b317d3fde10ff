#!/usr/bin/env python3
"""usage: docs/generate_catalogue.py [--check | --missing]

Writes docs/operations.md: all public operations with their declarations and docstrings, as the headers
autograd/ops/*.hpp have them. With --check the page is compared instead: exit code 1 if it is not what would
be written. With --missing, tells the declarations that share a docstring with another name, or have none.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/operations.md"

# Order and titles of the families; headers that are not named here come last, under their own names.
TITLES = {
    "creation": "New tensors", "grids": "Grids and combinations",
    "arithmetic": "Arithmetic", "division": "Division with rounding", "comparison": "Comparisons and choices",
    "unary": "Functions of one tensor", "binary_math": "Functions of two and three tensors",
    "rounding": "Parts, signs and repairs", "special": "Special functions",
    "bitwise": "Bits and divisors of integers", "pointwise": "Formulas of one's own",
    "activation": "Activations", "softmax": "Softmax",
    "reduction": "Reductions", "scan": "Running sums and differences", "order_statistics": "Order statistics",
    "sorting": "Sorting and searching", "histogram": "Histograms", "norm": "Norms of vectors",
    "similarity": "Similarity", "distance": "Distances and covariances",
    "shape": "Shapes and joins", "views": "Views", "joining": "Further joins and cuts",
    "rearrange": "Elements rearranged", "diagonal": "Diagonals and triangles",
    "indexing": "Indexing by tensors", "advanced_indexing": "Indexing as in Python, masks",
    "scatter": "Scattering",
    "matmul": "Matrix products", "products": "Products of given shapes", "multi_dot": "Chains of products",
    "einsum": "Einstein's notation", "bilinear": "Bilinear products",
    "solve": "Linear systems", "factorization": "Triangular factors", "determinant": "Determinants",
    "decompositions": "Orthogonal decompositions", "least_squares": "Least squares",
    "matrix_functions": "Powers and exponentials of matrices", "matrix_norm": "Norms of matrices",
    "convolution": "Convolutions", "pooling": "Pooling", "padding": "Padding", "patches": "Patches",
    "resampling": "Resampling", "local_response_norm": "Local response normalization",
    "loss": "Losses", "likelihood_loss": "Losses that are likelihoods", "margin_loss": "Losses with margins",
    "ctc_loss": "Connectionist temporal classification",
}


class Entry:
    def __init__(self, space):
        self.space, self.docstring, self.declarations = space, [], []

    def names(self):
        names = []
        for declaration in self.declarations:
            name = name_of(declaration)
            if name and name not in names:
                names.append(name)
        return names


def name_of(declaration):
    """What a declaration declares."""
    text = re.sub(r"\s+", " ", declaration)
    text = re.sub(r"^template <.*?> ", "", text)
    text = re.sub(r"^requires\(.*?\) (?=XGRAD_API|inline|Tensor)", "", text)
    match = re.match(r"(?:struct|class|enum class|using) (\w+)", text)
    if match:
        return match.group(1)
    match = re.search(r"(operator *[^\s\w(]+|\w+) ?\(", text)
    return match.group(1) if match else None


def statements(lines):
    """Pieces of a header: a docstring line, an empty line, or a whole declaration."""
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        at += 1
        if not line.startswith(("#", "//")) or line.startswith("///"):
            if line == "" or line.startswith("///") or line.startswith(("namespace ", "}  // namespace")):
                yield line
                continue
            whole = [line]
            text = line
            while not ended(text) and at < len(lines):
                whole.append(lines[at].rstrip())
                text += "\n" + lines[at].rstrip()
                at += 1
            yield "\n".join(whole)
        elif line.startswith("#define XGRAD_COMPARISON"):
            while lines[at - 1].rstrip().endswith("\\"):
                at += 1


def ended(text):
    text = re.sub(r"//[^\n]*", "", text).rstrip()
    if re.match(r"XGRAD_COMPARISON\(", text):
        return True
    return text.count("{") == text.count("}") and text.endswith((";", "}"))


def declaration_text(piece):
    """As a reader needs it: without bodies, export macros and notes for linters."""
    piece = re.sub(r"\s*// NOLINT[^\n]*", "", piece)
    if "XGRAD_API " in piece:
        piece = piece.replace("XGRAD_API ", "", 1).replace("\n" + " " * 10, "\n")
    comparison = re.match(r"XGRAD_COMPARISON\((\w+), (\S+)\)", piece)
    if comparison:
        name, sign = comparison.groups()
        return (f"Tensor {name}(const Tensor& a, const Tensor& b);  // a {sign} b\n"
                f"Tensor {name}(const Tensor& a, Scalar b);")
    if re.match(r"(struct|class|enum class|template <[^>]*>\n(struct|class))", piece):
        return re.sub(r"\n private:.*(?=\n};)", "", piece, flags=re.S)
    body = re.search(r"\s*\{\s*(?:[^{}]|\{[^{}]*\})*\}$|\s*\{.*\}$", strip_defaults(piece), flags=re.S)
    if body and not piece.endswith(";"):
        piece = piece[: body.start()] + ";"
    piece = re.sub(r"^inline ", "", piece)
    return piece


def strip_defaults(piece):
    """The piece with braces inside its parameter list blanked, in the same length."""
    depth, out = 0, []
    for letter in piece:
        depth += (letter == "(") - (letter == ")")
        out.append(" " if depth > 0 and letter in "{}" else letter)
    return "".join(out)


def read(path):
    """The introduction of a header, and its entries."""
    introduction, entries = [], []
    space, docstring, entry = "", [], None
    for piece in statements(path.read_text().split("\n")):
        if piece.startswith("}  // namespace"):
            space = "" if "xgrad" not in piece else "end"
            entry, docstring = None, []
        elif piece.startswith("namespace "):
            name = piece.split()[1].removeprefix("xgrad").removeprefix("::")
            if docstring and not introduction and not entries:
                introduction = docstring
            space = name
            entry, docstring = None, []
        elif piece == "":
            entry = None
            if docstring and not entries and not introduction:
                introduction, docstring = docstring, []
            docstring = []
        elif piece.startswith("///"):
            docstring.append(piece[3:].removeprefix(" "))
            entry = None
        elif space.split("::")[-1] == "detail" or not piece.strip() or piece.startswith(("using ", "}")):
            continue
        else:
            if entry is None:
                entry = Entry(space)
                entry.docstring, docstring = docstring, []
                entries.append(entry)
            entry.declarations.append(declaration_text(piece))
    return introduction, with_overloads(entries)


def with_overloads(entries):
    """The entries; overloads without a docstring join those of their names."""
    kept = []
    for entry in entries:
        homes = {name: next((e for e in kept if name in e.names()), None) for name in entry.names()}
        if entry.docstring or not entry.names() or None in homes.values():
            kept.append(entry)
            continue
        for declaration in entry.declarations:
            homes[name_of(declaration)].declarations.append(declaration)
    return kept


def families():
    public = re.findall(r"#include <xgrad/autograd/ops/(\w+)\.hpp>", (ROOT / "autograd/autograd.hpp").read_text())
    public = [name for name in public if name not in ("xtensor",)]
    order = list(TITLES)
    public.sort(key=lambda name: (order.index(name) if name in TITLES else len(order), name))
    for name in public:
        title = TITLES.get(name, name.replace("_", " ").capitalize())
        yield name, title, *read(ROOT / f"autograd/ops/{name}.hpp")


def anchor(title):
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def shown(entry, name):
    return f"{entry.space}::{name}" if entry.space else name


def escaped(line):
    """A line in which Markdown sees nothing but code between backquotes."""
    pieces = line.split("`")
    return "`".join(piece if i % 2 else re.sub(r"([*_<>|\[\]])", r"\\\1", piece) for i, piece in enumerate(pieces))


def flowing(lines):
    """A docstring as Markdown: running text, and indented tables as they are."""
    out, fenced = [], False
    for line in lines:
        table = line.startswith("  ")
        if table != fenced:
            out.append("```text" if table else "```")
            fenced = table
        out.append(line if table else escaped(line))
    if fenced:
        out.append("```")
    return "\n".join(out)


def page():
    read_families = list(families())
    out = ["# Operations", "",
           "All public operations in the namespace `xgrad`, by family. Written by `docs/generate_catalogue.py` "
           "from the headers in `autograd/ops`; do not change it by hand.", ""]
    for _, title, _, entries in read_families:
        names = []
        for entry in entries:
            names += [shown(entry, name) for name in entry.names()]
        out.append(f"- [{title}](#{anchor(title)}): " + ", ".join(f"`{name}`" for name in dict.fromkeys(names)))
    for name, title, introduction, entries in read_families:
        out += ["", f"## {title}", "", f"`#include <xgrad/autograd/ops/{name}.hpp>`", ""]
        if introduction:
            out += [flowing(introduction), ""]
        for entry in entries:
            names = [shown(entry, n) for n in entry.names()]
            out += ["### " + ", ".join(f"`{n}`" for n in names), "", "```cpp", *entry.declarations, "```", ""]
            if entry.docstring:
                out += [flowing(entry.docstring), ""]
        out.pop()
    return "\n".join(out) + "\n"


def tell_missing():
    for name, _, _, entries in families():
        for entry in entries:
            names = [n for n in entry.names() if not n.startswith("operator")]
            if not entry.docstring and names:
                print(f"{name}.hpp: no docstring: {', '.join(names)}")
            elif len(names) > 1:
                print(f"{name}.hpp: one docstring: {', '.join(names)}: {entry.docstring[0]}")


def main():
    if "--missing" in sys.argv[1:]:
        tell_missing()
    elif "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text() != page():
            print("docs/operations.md is not what the headers say: run docs/generate_catalogue.py")
            return 1
    else:
        PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())

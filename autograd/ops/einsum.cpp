#include <xgrad/autograd/ops/einsum.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/diagonal.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/matrix_checks.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

constexpr std::size_t letters = 52;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
/// Capitals first.
std::size_t number_of(char letter) {
  return static_cast<std::size_t>(letter >= 'a' ? letter - 'a' + 26 : letter - 'A');
}

/// The letters of one operand or of the output, and where its "..." stands.
struct Term {
  std::string text;
  std::size_t ellipsis = std::string::npos;  ///< the number of letters in front of it, if it is there
  bool has_ellipsis() const { return ellipsis != std::string::npos; }
};

struct Equation {
  std::vector<Term> inputs;
  Term output;
  bool has_output = false;
};

[[noreturn]] void fail(std::string_view equation, const std::string& what) {
  throw ValueError(fmt::format("einsum: {} in the equation \"{}\"", what, equation));
}

Equation parse(std::string_view text) {
  Equation equation;
  Term term;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == ' ') continue;
    if (is_letter(c)) {
      term.text += c;
    } else if (text.substr(i, 3) == "...") {
      if (term.has_ellipsis()) fail(text, "a second \"...\" in one term");
      term.ellipsis = term.text.size();
      i += 2;
    } else if (c == ',' && !equation.has_output) {
      equation.inputs.push_back(std::move(term));
      term = Term();
    } else if (text.substr(i, 2) == "->" && !equation.has_output) {
      equation.inputs.push_back(std::move(term));
      term = Term();
      equation.has_output = true;
      ++i;
    } else {
      fail(text, fmt::format("unexpected '{}' at place {}", c, i));
    }
  }
  if (equation.has_output)
    equation.output = std::move(term);
  else
    equation.inputs.push_back(std::move(term));
  return equation;
}

/// The letters that occur once, in alphabetical order, behind "...".
Term implied_output(const Equation& equation) {
  std::array<int, letters> counts{};
  for (const Term& term : equation.inputs) {
    for (char c : term.text) ++counts[number_of(c)];
  }
  Term output;
  output.ellipsis = 0;
  for (std::size_t i = 0; i < letters; ++i) {
    if (counts[i] == 1) output.text += static_cast<char>(i < 26 ? 'A' + i : 'a' + (i - 26));
  }
  return output;
}

// Dimensions are numbered by what names them: letters from 0, those of "..." from `letters` on, the last
// first.
using Labels = std::vector<std::size_t>;

Labels labels_of(const Term& term, std::size_t ellipsis_dims) {
  Labels labels;
  for (std::size_t i = 0; i <= term.text.size(); ++i) {
    if (i == term.ellipsis) {
      for (std::size_t k = ellipsis_dims; k-- > 0;) labels.push_back(letters + k);
    }
    if (i < term.text.size()) labels.push_back(number_of(term.text[i]));
  }
  return labels;
}

std::size_t find(const Labels& labels, std::size_t label, std::size_t from = 0) {
  return static_cast<std::size_t>(
      std::find(labels.begin() + static_cast<std::ptrdiff_t>(from), labels.end(), label) - labels.begin());
}

void erase(Labels& labels, std::size_t place) {
  labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(place));
}

/// How many dimensions "..." stands for in an operand.
std::size_t ellipsis_dims(std::string_view equation, const Term& term, std::size_t place,
                          const Tensor& operand) {
  std::size_t named = term.text.size();
  if (term.has_ellipsis() ? operand.ndim() < named : operand.ndim() != named) {
    throw ShapeError(fmt::format("einsum: operand {} is {}, but the equation \"{}\" names {} dimensions{}",
                                 place, to_string(operand.shape()), equation, named,
                                 term.has_ellipsis() ? " or more" : ""));
  }
  return operand.ndim() - named;
}

/// Diagonals taken of dimensions that have one name.
Tensor without_repeats(std::string_view equation, Tensor x, Labels& labels) {
  for (std::size_t i = 0; i < labels.size();) {
    std::size_t j = find(labels, labels[i], i + 1);
    if (j == labels.size()) {
      ++i;
      continue;
    }
    if (x.shape()[i] != x.shape()[j]) {
      throw ShapeError(
          fmt::format("einsum: a letter that stands twice in an operand of \"{}\" has the sizes {} "
                      "and {}",
                      equation, x.shape()[i], x.shape()[j]));
    }
    x = diagonal(x, 0, static_cast<std::int64_t>(i), static_cast<std::int64_t>(j));
    std::size_t label = labels[i];
    erase(labels, j);
    erase(labels, i);
    labels.push_back(label);
  }
  return x;
}

/// The dimensions in the order of `all`; missing ones have size 1.
Tensor arranged(const Tensor& x, const Labels& labels, const Labels& all) {
  Shape order, shape;
  for (std::size_t label : all) {
    std::size_t place = find(labels, label);
    bool present = place < labels.size();
    if (present) order.push_back(static_cast<std::int64_t>(place));
    shape.push_back(present ? x.shape()[place] : 1);
  }
  return reshape(permute(x, order), shape);
}

Tensor summed(const Tensor& x, const Shape& dims) {
  return dims.empty() ? x : to(sum(x, dims, true), x.dtype());
}

/// The product of two tensors of one number of dimensions, summed over `dims`, which stay with size 1.
Tensor contract(const Tensor& a, const Tensor& b, const Shape& dims) {
  Shape only_a, only_b;             // summed, of size 1 in the other
  Shape batch, left, inner, right;  // the dimensions of a batched matrix product
  std::array<std::int64_t, 4> sizes{1, 1, 1, 1};
  for (std::size_t i = 0; i < a.ndim(); ++i) {
    auto dim = static_cast<std::int64_t>(i);
    std::int64_t in_a = a.shape()[i], in_b = b.shape()[i];
    bool contracted = std::ranges::find(dims, dim) != dims.end();
    if (contracted && in_a != 1 && in_b != 1) {
      inner.push_back(dim);
      sizes[2] *= in_a;
    } else if (contracted) {
      if (in_a != 1) only_a.push_back(dim);
      if (in_b != 1) only_b.push_back(dim);
      batch.push_back(dim);
    } else if (in_a == in_b) {
      batch.push_back(dim);
      sizes[0] *= in_a;
    } else if (in_b == 1) {
      left.push_back(dim);
      sizes[1] *= in_a;
    } else {
      right.push_back(dim);
      sizes[3] *= in_b;
    }
  }
  Tensor x = summed(a, only_a), y = summed(b, only_b);
  if (inner.empty()) return mul(x, y);
  auto joined = [](std::initializer_list<const Shape*> parts) {
    Shape all;
    for (const Shape* part : parts) {
      for (std::int64_t dim : *part) all.push_back(dim);
    }
    return all;
  };
  auto [count, rows, terms, columns] = sizes;
  // What is not in a matrix has size 1 there.
  Tensor p = permute(x, joined({&batch, &left, &inner, &right}));
  Tensor q = permute(y, joined({&batch, &inner, &right, &left}));
  Tensor product = count == 1 ? matmul(reshape(p, {rows, terms}), reshape(q, {terms, columns}))
                              : matmul(reshape(p, {count, rows, terms}), reshape(q, {count, terms, columns}));
  Shape order = joined({&batch, &left, &right, &inner});
  Shape shape, back = Shape::filled(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    auto dim = static_cast<std::size_t>(order[i]);
    back[dim] = static_cast<std::int64_t>(i);
    bool gone = std::ranges::find(inner, order[i]) != inner.end();
    shape.push_back(gone ? 1 : x.shape()[dim] == 1 ? y.shape()[dim] : x.shape()[dim]);
  }
  return permute(reshape(product, shape), back);
}

}  // namespace

Tensor einsum(std::string_view equation, std::span<const Tensor> operands) {
  Equation parsed = parse(equation);
  if (operands.empty() || parsed.inputs.size() != operands.size()) {
    throw ValueError(fmt::format("einsum: the equation \"{}\" has {} terms for {} operands", equation,
                                 parsed.inputs.size(), operands.size()));
  }
  std::size_t dots = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    detail::require_same_dtype("einsum", "operand 0", operands[0], "another", operands[i]);
    dots = std::max(dots, ellipsis_dims(equation, parsed.inputs[i], i, operands[i]));
  }
  Labels all = labels_of(parsed.has_output ? parsed.output : implied_output(parsed), dots);
  std::size_t output_dims = all.size();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (find(all, all[i], i + 1) < all.size()) fail(equation, "an output letter that stands twice");
  }
  std::vector<Labels> labels;
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Term& term = parsed.inputs[i];
    labels.push_back(labels_of(term, operands[i].ndim() - term.text.size()));
    tensors.push_back(without_repeats(equation, operands[i], labels[i]));
    for (std::size_t label : labels[i]) {
      if (find(all, label) == all.size()) all.push_back(label);
    }
  }
  for (std::size_t i = 0; i < output_dims; ++i) {
    bool known =
        std::ranges::any_of(labels, [&](const Labels& own) { return find(own, all[i]) < own.size(); });
    if (!known) fail(equation, "an output letter that no operand has");
  }

  Shape sizes = Shape::filled(all.size(), 1);
  std::vector<std::size_t> last_use(all.size(), 0);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    tensors[i] = arranged(tensors[i], labels[i], all);
    for (std::size_t d = 0; d < all.size(); ++d) {
      std::int64_t size = tensors[i].shape()[d];
      if (size != 1 && sizes[d] != 1 && size != sizes[d]) {
        throw ShapeError(
            fmt::format("einsum: one letter of \"{}\" has the sizes {} and {}", equation, sizes[d], size));
      }
      if (size != 1) {
        sizes[d] = size;
        last_use[d] = i;
      }
    }
  }
  auto summed_after = [&](std::size_t i) {
    Shape dims;
    for (std::size_t d = output_dims; d < all.size(); ++d) {
      if (last_use[d] == i) dims.push_back(static_cast<std::int64_t>(d));
    }
    return dims;
  };
  Tensor result = summed(tensors[0], summed_after(0));
  for (std::size_t i = 1; i < tensors.size(); ++i) result = contract(result, tensors[i], summed_after(i));
  return reshape(result, Shape(result.shape().begin(), result.shape().begin() + output_dims));
}

}  // namespace xgrad

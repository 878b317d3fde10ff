#include "random_shapes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

namespace random_shapes {

namespace {

constexpr int draws = 30;
constexpr std::int64_t most_elements = 24;

Shape draw_shape(Random& random, std::int64_t least, std::int64_t most, bool empty) {
  for (;;) {
    Shape shape;
    std::int64_t ndim = random.between(least, most);
    for (std::int64_t i = 0; i < ndim; ++i) {
      std::int64_t size = random.between(1, 4);
      shape.push_back(empty && random.chance(12) ? 0 : size);
    }
    if (shape.elements() <= most_elements) return shape;
  }
}

Tensor draw_numbers(Random& random, const Shape& shape, const Range& range) {
  Generator generator(random.seed());
  Tensor numbers = rand(shape, float64, &generator) * (range.high - range.low) + range.low;
  if (!range.both_signs) return numbers;
  return numbers * (rand(shape, float64, &generator) < 0.5).to(float64) * 2 - numbers;
}

}  // namespace

Relation same(std::size_t count, std::int64_t least, bool empty, std::int64_t most) {
  return [=](Random& random) { return Shapes(count, draw_shape(random, least, most, empty)); };
}

Relation broadcast(std::size_t count) {
  return [=](Random& random) {
    Shape full = draw_shape(random, 0, 4, true);
    Shapes shapes;
    if (random.chance(3)) return Shapes(count, full);
    for (std::size_t i = 0; i < count; ++i) {
      auto ndim = static_cast<std::int64_t>(full.size());
      std::int64_t first = random.chance(2) ? 0 : random.between(0, ndim);
      Shape shape;
      for (std::int64_t d = first; d < ndim; ++d)
        shape.push_back(random.chance(4) ? 1 : full[static_cast<std::size_t>(d)]);
      shapes.push_back(shape);
    }
    return shapes;
  };
}

Relation letters(std::vector<std::string> words, const std::string& may_be_empty) {
  return [=](Random& random) {
    std::map<char, std::int64_t> sizes;
    Shapes shapes;
    for (const std::string& word : words) {
      Shape shape;
      for (char letter : word) {
        bool digit = letter >= '0' && letter <= '9';
        bool empty = may_be_empty.find(letter) != std::string::npos && random.chance(6);
        if (!sizes.contains(letter)) sizes[letter] = digit ? letter - '0' : empty ? 0 : random.between(1, 3);
        shape.push_back(sizes[letter]);
      }
      shapes.push_back(shape);
    }
    return shapes;
  };
}

Relation batches(std::vector<std::string> words) {
  return [=](Random& random) {
    std::vector<std::string> whole = words;
    std::int64_t batch = random.between(0, 2);
    for (std::string& word : whole)
      word = std::string("BD").substr(0, static_cast<std::size_t>(batch)) + word;
    Shapes shapes = letters(whole, "B")(random);
    for (Shape& shape : shapes) {
      if (batch > 1) shape[1] = std::min<std::int64_t>(shape[1], 2);
    }
    return shapes;
  };
}

Tensor places(const Shape& shape, std::int64_t bound) {
  Tensor numbers = arange(0, shape.elements(), 1, int64) * 7 + 1;
  return remainder(numbers, std::max<std::int64_t>(bound, 1)).reshape(shape);
}

Tensor mask(const Shape& shape) { return places(shape, 3) > 0; }

Tensor joined(const Tensors& results) {
  Tensors flat;
  for (const Tensor& part : results) {
    if (part.is_floating_point()) flat.push_back(part.reshape({part.numel()}));
  }
  return cat(flat);
}

Tensor joined(const std::pair<Tensor, Tensor>& results) {
  return joined(Tensors{results.first, results.second});
}

Tensor definite(const Tensor& x) { return matmul(x, x.mT()) + eye(x.size(-1), std::nullopt, float64) * 2; }

Tensor regular(const Tensor& x) { return x + eye(x.size(-1), std::nullopt, float64) * 5; }

Tensor slope(Tensor (*f)(const Tensor&), const Tensor& x) {
  EnableGrad on;
  Tensor input = x.requires_grad() ? x : x.detach().requires_grad_();
  return grad(sum(square(f(input))), input, Tensor(), {.create_graph = true});
}

namespace {

/// The gradients of all inputs, for fixed numbers as that of the result. Formulas that record themselves and
/// fast ones that do not must give the same: the checks look at the first kind by its own derivative alone.
Tensors gradients(const TensorFunction& call, const Tensors& inputs, bool create_graph) {
  Tensors leaves;
  for (const Tensor& input : inputs) leaves.push_back(input.detach().clone().requires_grad_());
  Tensor y = call(leaves);
  Generator generator(7);
  Tensor start = rand(y.shape(), float64, &generator) + 0.5;
  Tensors found = grad(std::span(&y, 1), leaves, std::span(&start, 1),
                       {.create_graph = create_graph, .allow_unused = true});
  for (std::size_t i = 0; i < found.size(); ++i) {
    found[i] = found[i].defined() ? found[i].detach() : zeros_like(leaves[i]).detach();
  }
  return found;
}

std::string text(const Tensors& inputs) {
  std::string result;
  for (const Tensor& input : inputs) result += to_string(input.shape()) + " ";
  return result;
}

/// Both orders at these inputs; whether gradients other than 0 were compared.
bool check_at(const Row& row, const TensorFunction& call, const Tensors& inputs) {
  bool compared = gradcheck(call, inputs).passed;
  if (!compared) {
    auto first = gradcheck(call, inputs, {.allow_zero = true});
    CHECK_MESSAGE(first.passed, row.name << ": " << first.report);
  }
  auto second = gradgradcheck(call, inputs, {.rtol = 1e-4, .atol = 1e-6, .allow_zero = true});
  CHECK_MESSAGE(second.passed, row.name << ": " << second.report);
  Tensors plain = gradients(call, inputs, false);
  Tensors recorded = gradients(call, inputs, true);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CHECK_MESSAGE(allclose(recorded[i], plain[i], 1e-9, 1e-10),
                  row.name << ": the gradient of input " << i << " differs when it is recorded: got "
                           << recorded[i] << ", expected " << plain[i]);
  }
  return compared;
}

bool same_range(const Row& row) {
  return std::ranges::all_of(row.ranges, [&](const Range& range) {
    return range.low == row.ranges[0].low && range.high == row.ranges[0].high;
  });
}

}  // namespace

void check_rows(const std::vector<Row>& rows) {
  std::uint64_t number = 0;
  for (const Row& row : rows) {
    Random random(1000 + number++);
    bool compared = false;
    for (int draw = 0; draw < draws; ++draw) {
      Tensors inputs;
      for (const Shape& shape : row.shapes(random)) {
        inputs.push_back(
            draw_numbers(random, shape, row.ranges[std::min(inputs.size(), row.ranges.size() - 1)]));
      }
      CAPTURE(text(inputs));
      try {
        compared = check_at(row, row.call, inputs) || compared;
        bool alike = std::ranges::all_of(
            inputs, [&](const Tensor& input) { return input.shape() == inputs[0].shape(); });
        if (inputs.size() > 1 && row.alias && alike && same_range(row)) {
          CAPTURE("one tensor as all inputs");
          std::size_t count = inputs.size();
          auto aliased = [&](const Tensors& x) { return row.call(Tensors(count, x[0])); };
          check_at(row, aliased, {inputs[0]});
        }
      } catch (const Error& error) {
        FAIL_CHECK(row.name << ": threw " << std::string(error.what()));
      }
    }
    CHECK_MESSAGE(compared != row.constant,
                  row.name << std::string(compared ? ": gradients are not 0"
                                                   : ": no gradient other than 0 was compared"));
  }
}

}  // namespace random_shapes

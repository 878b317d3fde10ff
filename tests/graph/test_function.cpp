#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {

struct Cube : Function<Cube> {
  static Tensor forward(Context& context, const Tensor& x) {
    context.save(x);
    return x * x * x;
  }
  static Tensor backward(Context& context, const Tensor& g) { return g * 3 * square(context.saved(0)); }
};

/// a * b + number, with a number beside the tensors.
struct MultiplyAdd : Function<MultiplyAdd> {
  static Tensor forward(Context& context, const Tensor& a, const Tensor& b, double number) {
    context.save(a, b);
    context.data = number;
    return a * b + number;
  }
  static std::vector<Tensor> backward(Context& context, const Tensor& g) {
    CHECK(std::any_cast<double>(context.data) == 4);
    return {g * context.saved(1), context.needs_input_grad(1) ? g * context.saved(0) : Tensor()};
  }
};

struct TooFew : Function<TooFew> {
  static Tensor forward(Context&, const Tensor& a, const Tensor& b) { return a + b; }
  static Tensor backward(Context&, const Tensor& g) { return g; }
};

struct WrongShape : Function<WrongShape> {
  static Tensor forward(Context&, const Tensor& x) { return x * 2; }
  static Tensor backward(Context&, const Tensor& g) { return g.narrow(0, 0, 1); }
};

struct OtherDType : Function<OtherDType> {
  static Tensor forward(Context&, const Tensor& x) { return x * 2; }
  static Tensor backward(Context&, const Tensor& g) { return (g * 2).to(float32); }
};

}  // namespace

TEST_CASE("an operation of one's own has the gradient that it says, to any order") {
  CHECK(gradcheck([](const Tensor& x) { return Cube::apply(x); }, {numbers({1, -2})}));
  CHECK(gradgradcheck([](const Tensor& x) { return Cube::apply(x); }, {numbers({1, -2})}));
  auto multiply_add = [](const Tensor& a, const Tensor& b) { return MultiplyAdd::apply(a, b, 4.0); };
  CHECK(gradcheck(multiply_add, {numbers({{1, -2}, {3, 4}}), numbers({5, 6})}));
  CHECK(gradgradcheck(multiply_add, {numbers({{1, -2}, {3, 4}}), numbers({5, 6})}));
}

TEST_CASE("custom operations are named in errors, and misuse is one") {
  Tensor x = numbers({1, 2}).requires_grad_();
  Tensor y = Cube::apply(x).sum();
  y.backward();
  try {
    y.backward();
    FAIL("expected an error");
  } catch (const GraphError& error) {
    CHECK(std::string(error.what()).find("Cube") != std::string::npos);
  }
  CHECK_THROWS_AS(TooFew::apply(x, x).sum().backward(), GraphError);
  CHECK_FALSE(Cube::apply(numbers({1})).requires_grad());
}

TEST_CASE("a custom backward must return the input's shape, and its dtype is converted") {
  Tensor x = numbers({1, 2}).requires_grad_();
  CHECK_THROWS_AS(WrongShape::apply(exp(x)).sum().backward(), ShapeError);
  OtherDType::apply(exp(x)).sum().backward();
  CHECK(x.grad().dtype() == float64);
  CHECK(check::agree(x.grad(), exp(x.detach()) * 2, 1e-6));
}

TEST_CASE("nothing is saved for a constant, and nothing recorded without gradients") {
  Tensor x = numbers({2}).requires_grad_();
  NoGrad off;
  CHECK_FALSE(Cube::apply(x).requires_grad());
}

#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {

struct View {
  std::string name;
  std::function<Tensor(const Tensor&)> of;
};

/// Views of a 3 by 4 matrix, of every kind, and views of views.
const std::vector<View> views = {
    {"detach", [](const Tensor& x) { return x.detach(); }},
    {"brackets", [](const Tensor& x) { return x[1]; }},
    {"select", [](const Tensor& x) { return select(x, 1, -1); }},
    {"slice", [](const Tensor& x) { return slice(x, 1, 0, 4, 2); }},
    {"narrow", [](const Tensor& x) { return narrow(x, 0, 1, 2); }},
    {"view", [](const Tensor& x) { return view(x, {2, 6}); }},
    {"reshape", [](const Tensor& x) { return reshape(x, {-1}); }},
    {"flatten", [](const Tensor& x) { return flatten(x); }},
    {"ravel", [](const Tensor& x) { return ravel(x); }},
    {"unflatten", [](const Tensor& x) { return unflatten(x, 1, {2, 2}); }},
    {"transpose", [](const Tensor& x) { return transpose(x, 0, 1); }},
    {"t", [](const Tensor& x) { return t(x); }},
    {"mT", [](const Tensor& x) { return mT(x); }},
    {"permute", [](const Tensor& x) { return permute(x, {1, 0}); }},
    {"movedim", [](const Tensor& x) { return movedim(x, 0, 1); }},
    {"swapaxes", [](const Tensor& x) { return swapaxes(x, 0, 1); }},
    {"unsqueeze", [](const Tensor& x) { return unsqueeze(x, 1); }},
    {"squeeze", [](const Tensor& x) { return squeeze(unsqueeze(x, 0)); }},
    {"diagonal", [](const Tensor& x) { return diagonal(x, 1); }},
    {"unfold", [](const Tensor& x) { return unfold(x, 1, 2, 2); }},
    {"as_strided", [](const Tensor& x) { return as_strided(x, {2, 2}, {4, 2}, 1); }},
    {"expand", [](const Tensor& x) { return expand(x, {3, 4}); }},
    {"split", [](const Tensor& x) { return split(x, 2, 0)[1]; }},
    {"chunk", [](const Tensor& x) { return chunk(x, 2, 1)[0]; }},
    {"tensor_split", [](const Tensor& x) { return tensor_split(x, 2, 1)[1]; }},
    {"unbind", [](const Tensor& x) { return unbind(x, 0)[2]; }},
    {"a view of a view of a view", [](const Tensor& x) { return x.t()[1].slice(0, 1, 3); }},
};

struct Change {
  std::string name;
  std::function<void(Tensor&)> apply;
};

/// Every in-place operation.
const std::vector<Change> changes = {
    {"add_", [](Tensor& x) { x.add_(ones_like(x.detach()), 2); }},
    {"add_ a number", [](Tensor& x) { x += 1; }},
    {"sub_", [](Tensor& x) { x.sub_(ones_like(x.detach())); }},
    {"mul_", [](Tensor& x) { x *= full_like(x.detach(), 3); }},
    {"mul_ a number", [](Tensor& x) { x *= 2; }},
    {"div_", [](Tensor& x) { x.div_(full_like(x.detach(), 3)); }},
    {"div_ a number", [](Tensor& x) { x /= 2; }},
    {"pow_", [](Tensor& x) { x.pow_(2); }},
    {"copy_", [](Tensor& x) { x.copy_(zeros_like(x.detach())); }},
    {"fill_", [](Tensor& x) { x.fill_(7); }},
    {"zero_", [](Tensor& x) { x.zero_(); }},
    {"neg_", [](Tensor& x) { x.neg_(); }},
    {"exp_", [](Tensor& x) { x.exp_(); }},
    {"log_", [](Tensor& x) { x.log_(); }},
    {"sqrt_", [](Tensor& x) { x.sqrt_(); }},
    {"abs_", [](Tensor& x) { x.abs_(); }},
    {"tanh_", [](Tensor& x) { x.tanh_(); }},
    {"sigmoid_", [](Tensor& x) { x.sigmoid_(); }},
    {"relu_", [](Tensor& x) { x.relu_(); }},
    {"clamp_", [](Tensor& x) { x.clamp_(0.5, 1.5); }},
};

Tensor matrix() { return check::spread_numbers({3, 4}, 0.5, 2, {}, 3); }

/// Whether backward refuses, naming the operation whose saved tensor was changed, and leaves the leaf alone.
bool refused(const Tensor& y, const Tensor& leaf, const std::string& operation) {
  try {
    sum(y).backward();
  } catch (const GraphError& error) {
    return std::string(error.what()).find("'" + operation + "'") != std::string::npos &&
           !leaf.grad().defined();
  }
  return false;
}

}  // namespace

TEST_CASE("a change through any view raises the version of its base and of all its other views") {
  for (const View& view : views) {
    for (const Change& change : changes) {
      CAPTURE(view.name);
      CAPTURE(change.name);
      Tensor base = matrix();
      Tensor sibling = base.t(), part = view.of(base);
      std::uint32_t before = base.version();
      change.apply(part);
      CHECK(base.version() > before);
      CHECK(sibling.version() == base.version());
      CHECK(part.version() == base.version());
    }
  }
}

TEST_CASE("a result that an operation saved is not changed through any view unnoticed") {
  for (const View& view : views) {
    CAPTURE(view.name);
    Tensor leaf = matrix().requires_grad_();
    Tensor y = exp(leaf);
    Tensor part = view.of(y);
    part.mul_(2);
    CHECK(refused(y, leaf, "exp"));
  }
}

TEST_CASE("an input that an operation saved is not changed through any view unnoticed") {
  for (const View& view : views) {
    for (const Change& change : changes) {
      CAPTURE(view.name);
      CAPTURE(change.name);
      Tensor leaf = matrix().requires_grad_();
      Tensor x = leaf * 1;
      Tensor y = x * x;
      Tensor part = view.of(x);
      change.apply(part);
      CHECK(refused(y, leaf, "mul"));
    }
  }
}

TEST_CASE("a view that an operation saved is not changed through its base unnoticed") {
  for (const View& view : views) {
    CAPTURE(view.name);
    Tensor leaf = matrix().requires_grad_();
    Tensor constant = matrix();
    Tensor part = view.of(constant);
    Tensor y = part * leaf[0][0];
    constant.add_(1);
    CHECK(refused(y, leaf, "mul"));
  }
}

TEST_CASE("what is changed without gradients being on is noticed all the same") {
  Tensor leaf = matrix().requires_grad_();
  Tensor y = tanh(leaf);
  {
    NoGrad off;
    y[0].zero_();
  }
  CHECK(refused(y, leaf, "tanh"));
  Tensor weight = matrix().requires_grad_();
  Tensor z = leaf * weight;
  {
    NoGrad off;
    weight.t()[0].sub_(0.1);  // what an optimizer does between forward and backward
  }
  CHECK(refused(z, leaf, "mul"));
}

TEST_CASE("indices and masks that an operation saved are not changed unnoticed") {
  Tensor leaf = matrix().requires_grad_();
  Tensor index = tensor({{0, 1}, {1, 0}, {2, 2}}, int64);
  Tensor picked = gather(leaf, 1, index);
  index[0].fill_(3);
  CHECK(refused(picked, leaf, "gather"));
  Tensor mask = leaf.detach() > 1;
  Tensor chosen = where(mask, leaf, 0);
  mask.t()[0].fill_(true);
  CHECK(refused(chosen, leaf, "where"));
}

TEST_CASE("a change that is refused changes neither the numbers nor the version") {
  for (const View& view : views) {
    CAPTURE(view.name);
    Tensor base = matrix();
    Tensor part = view.of(base);
    Tensor copy = base.clone();
    std::uint32_t before = base.version();
    CHECK_THROWS_AS(part.add_(ones({7, 1, 1, 1}, float64)), ShapeError);
    CHECK_THROWS_AS(part.copy_(ones({7, 1, 1, 1}, float64)), ShapeError);
    CHECK_THROWS_AS(part.mul_(Tensor()), GraphError);
    CHECK(base.version() == before);
    CHECK(equal(base, copy));
    if (view.name == "detach") continue;
    Tensor leaf = matrix().requires_grad_();
    Tensor window = view.of(leaf);
    CHECK_THROWS_AS(window.mul_(2), GraphError);
    CHECK(leaf.version() == 0);
  }
}

TEST_CASE("a change through any view has the gradients that the numbers say") {
  for (const View& view : views) {
    if (view.name == "detach") continue;  // cuts the graph
    for (const Change& change : changes) {
      CAPTURE(view.name);
      CAPTURE(change.name);
      auto changed = [&](const Tensor& x) {
        Tensor base = x * 1;
        Tensor sibling = base.t(), part = view.of(base);
        change.apply(part);
        return sum(x) + sum(base * sibling.t()) + sum(square(part));
      };
      CHECK(gradcheck(changed, {matrix()}));
    }
  }
}

TEST_CASE(
    "a recorded tensor that is written through a view has its gradient, and the base that of the rest") {
  for (const View& view : views) {
    if (view.name == "detach") continue;
    CAPTURE(view.name);
    auto written = [&](const Tensor& x, const Tensor& w) {
      Tensor base = x * 1;
      Tensor part = view.of(base);
      part.copy_(w * w);
      return base * base;
    };
    CHECK(gradcheck(written, {matrix(), tensor(1.5, float64)}));
    CHECK(gradgradcheck(written, {matrix(), tensor(1.5, float64)}, {.rtol = 1e-4, .atol = 1e-6}));
  }
}

// The group "program": small programs that exercise the graph.

#include "rows.hpp"

namespace conformance {

using namespace xgrad;

namespace {

using A = Arguments;

/// A fresh leaf over the argument's numbers, for programs that call backward themselves.
Tensor leaf(const A& a, const std::string& name) { return a.tensor(name).detach().clone().requires_grad_(); }

Tensor hessian_program(const Tensor& x, const Tensor& w) {
  return sum(square(tanh(matmul(w, x)))) + prod(x) + exp(-(x[0] * x[1]));
}
Tensor jacobian_program(const Tensor& x, const Tensor& w) { return softmax(matmul(w, sin(x)), 0); }

Outputs misuse(const A& a) {
  std::string which = a.text("which");
  Tensor x = leaf(a, "x");
  if (which == "none") return {a.tensor("x")};
  if (which == "backward_twice") {
    Tensor y = sum(exp(x));
    y.backward();
    y.backward();
  } else if (which == "changed_after_use") {
    Tensor y = exp(x);
    y.mul_(2);
    // What the change recorded needs only its own inputs; the first exp needs its result as it was.
    sum(y).backward();
  } else if (which == "changed_input_after_use") {
    Tensor b = x * 1;
    Tensor z = b * b;
    b.add_(1);
    sum(z).backward();
  } else if (which == "leaf_in_place") {
    x.add_(1);
  } else if (which == "vector_without_cotangent") {
    (x * 2).backward();
  } else if (which == "no_gradient_required") {
    sum(a.tensor("x")).backward();
  } else if (which == "unused_input") {
    Tensor other = leaf(a, "x");
    grad(sum(x), other);
  } else if (which == "cotangent_shape") {
    (x * 2).backward(ones({x.numel() + 1}, float64));
  } else if (which == "integer_requires_grad") {
    ones({2}, int64).requires_grad_();
  } else if (which == "item_of_many") {
    x.item();
  } else if (which == "bool_of_many") {
    static_cast<void>(static_cast<bool>(x));
  } else if (which == "grad_of_leaf_view_in_place") {
    x[0].mul_(2);
  } else {
    throw std::runtime_error("unknown misuse " + which);
  }
  return {x};
}

}  // namespace

Rows program_rows() {
  return {
      {"program/expression", run_expression},
      {"program/views",
       [](const A& a) {
         std::vector<Tensor> rows = unbind(a.tensor("x"));
         Tensor y = cat({rows[2], rows[0] * rows[1], flip(rows[1], {0})});
         Tensor z = stack({y, roll(y, {1})}).transpose(0, 1).flatten();
         return Outputs{z.slice(0, std::nullopt, std::nullopt, 2) * y};
       }},
      {"program/message_passing",
       [](const A& a) {
         const Tensor& idx = a.tensor("idx");
         Tensor y = index_select(a.tensor("x"), 0, idx) * a.tensor("w");
         return Outputs{index_add(zeros_like(a.tensor("x")), 0, idx, y) + sum(cumsum(y, 0), Shape{0})};
       }},
      {"program/reuse",
       [](const A& a) {
         const Tensor& x = a.tensor("x");
         Tensor y = x * x + x;
         return Outputs{y * x + sum(y)};
       }},
      {"program/diamond",
       [](const A& a) {
         Tensor s = sin(a.tensor("x"));
         return Outputs{(s * s) * exp(s) + s};
       }},
      {"program/chain",
       [](const A& a) {
         Tensor x = a.tensor("x");
         for (std::int64_t i = 0; i < a.integer("n"); ++i) x = sin(x) * a.tensor("a") + 0.1;
         return Outputs{x};
       }},
      {"program/broadcast",
       [](const A& a) {
         return Outputs{
             sum(tanh(a.tensor("x").unsqueeze(1) * a.tensor("w").unsqueeze(0) + a.tensor("b")), Shape{0})};
       }},
      {"program/inplace",
       [](const A& a) {
         const Tensor& x = a.tensor("x");
         const Tensor& w = a.tensor("w");
         Tensor y = x * 2;
         y += w;
         y *= x;
         y -= w;
         y.copy_(y * 0.5 + x);
         return Outputs{y};
       }},
      {"program/inplace_view",
       [](const A& a) {
         Tensor y = a.tensor("x").clone();
         y[0].mul_(a.tensor("w"));
         Tensor v = y.view({-1});
         v.slice(0, 1, 3).fill_(0);
         v.add_(1);
         return Outputs{y * y};
       }},
      {"program/view_of_changed_base",
       [](const A& a) {
         Tensor y = a.tensor("x") * 1;
         Tensor v = y[1];
         y.mul_(3);
         return Outputs{v * v, sum(y)};
       }},
      {"program/copy_into",
       [](const A& a) {
         Tensor y = zeros({3, 3});
         y.slice(0, 1, std::nullopt).slice(1, 0, 2).copy_(a.tensor("x"));
         y[0].copy_(a.tensor("w"));
         y.t()[2].mul_(2);
         return Outputs{matmul(y, y)};
       }},
      {"program/detach",
       [](const A& a) {
         const Tensor& x = a.tensor("x");
         return Outputs{x * x.detach() + sin(x.detach()) * x};
       }},
      {"program/no_grad",
       [](const A& a) {
         const Tensor& x = a.tensor("x");
         Tensor c;
         {
           NoGrad off;
           c = x * a.tensor("w") + 1;
         }
         return Outputs{x * c + a.tensor("w")};
       }},
      {"program/accumulate",
       [](const A& a) {
         Tensor x = leaf(a, "x");
         sum(square(x)).backward();
         Tensor first = x.grad().clone();
         sum(pow(x, 3)).backward();
         Tensor second = x.grad().clone();
         Tensor gradient = x.grad();
         gradient.zero_();
         sum(sin(x)).backward();
         return Outputs{first, second, x.grad()};
       }},
      {"program/retain_graph",
       [](const A& a) {
         Tensor x = leaf(a, "x");
         Tensor y = sum(exp(x));
         y.backward({.retain_graph = true});
         y.backward();
         return Outputs{x.grad()};
       }},
      {"program/vector_backward",
       [](const A& a) {
         Tensor x = leaf(a, "x");
         stack({prod(x), sum(x), sum(x * x)}).backward(a.tensor("v"));
         return Outputs{x.grad()};
       }},
      {"program/grad_of_intermediate",
       [](const A& a) {
         Tensor x = leaf(a, "x");
         Tensor y = x * x;
         Tensor z = sum(sin(y));
         return grad(z, {y, x});
       }},
      {"program/gradient_penalty",
       [](const A& a) {
         Tensor x = a.tensor("x").detach().requires_grad_();
         Tensor f = matmul(tanh(matmul(x, a.tensor("w1").t()) + a.tensor("b1")), a.tensor("w2"));
         Tensor g = grad(sum(f), x, {}, {.create_graph = true});
         Tensor norms = sqrt(sum(square(g), Shape{1}));
         return Outputs{mean(f) + 10 * mean(square(norms - 1))};
       }},
      {"program/hessian",
       [](const A& a) {
         return Outputs{
             hessian([&](const Tensor& x) { return hessian_program(x, a.tensor("w")); })(a.tensor("x"))};
       }},
      {"program/jacobian",
       [](const A& a) {
         return Outputs{
             jacobian([&](const Tensor& x) { return jacobian_program(x, a.tensor("w")); })(a.tensor("x"))};
       }},
      {"program/hvp",
       [](const A& a) {
         auto [f, hv] = hvp([&](const Tensor& x) { return hessian_program(x, a.tensor("w")); }, a.tensor("x"),
                            a.tensor("v"));
         return Outputs{f, hv};
       }},
      {"program/jvp",
       [](const A& a) {
         auto [u, jv] = jvp([&](const Tensor& x) { return jacobian_program(x, a.tensor("w")); },
                            a.tensor("x"), a.tensor("v"));
         return Outputs{u, jv};
       }},
      {"program/vjp",
       [](const A& a) {
         auto [u, vj] = vjp([&](const Tensor& x) { return jacobian_program(x, a.tensor("w")); },
                            a.tensor("x"), a.tensor("v"));
         return Outputs{u, vj};
       }},
      {"program/third_derivative",
       [](const A& a) {
         Tensor x = leaf(a, "x");
         Outputs all{sum(exp(sin(x)))};
         for (int i = 0; i < 3; ++i) all.push_back(grad(all.back().sum(), x, {}, {.create_graph = true}));
         return all;
       }},
      {"program/unrolled_sgd",
       [](const A& a) {
         Tensor w = a.tensor("w0");
         auto loss = [&](const Tensor& v) { return mean(square(v * a.tensor("x") - a.tensor("y"))); };
         for (int i = 0; i < 3; ++i) w = w - a.tensor("lr") * grad(loss(w), w, {}, {.create_graph = true});
         return Outputs{loss(w)};
       }},
      {"program/newton_sqrt",
       [](const A& a) {
         Tensor y = a.tensor("a");
         for (int i = 0; i < 5; ++i) y = (y + a.tensor("a") / y) / 2;
         return Outputs{y};
       }},
      {"program/where_division",
       [](const A& a) { return Outputs{where(a.tensor("b") != 0, a.tensor("a") / a.tensor("b"), 0.0)}; }},
      {"program/relu_inplace",
       [](const A& a) {
         Tensor y = a.tensor("x") * 2;
         y.relu_();
         return Outputs{y * 3 + sigmoid(y)};
       }},
      {"program/logsumexp_by_hand",
       [](const A& a) {
         const Tensor& x = a.tensor("x");
         Tensor m = amax(x, Shape{-1}, true).detach();
         return Outputs{log(sum(exp(x - m), Shape{-1})) + m.squeeze(-1)};
       }},
      {"program/layer_norm_by_hand",
       [](const A& a) {
         const Tensor& x = a.tensor("x");
         Tensor centred = x - mean(x, Shape{-1}, true);
         return Outputs{centred / sqrt(mean(square(centred), Shape{-1}, true) + 1e-5) * a.tensor("w") +
                        a.tensor("b")};
       }},
      {"program/error", misuse},
  };
}

}  // namespace conformance

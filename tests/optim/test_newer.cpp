#include <doctest/doctest.h>

#include <cmath>

#include "check.hpp"

using namespace xgrad;
using check::agree;
using check::numbers;
using check::spread_numbers;

namespace {

constexpr int steps = 4;

Tensor gradient_of_step(const Shape& shape, int step) {
  return spread_numbers(shape, -2, 2, {}, static_cast<std::uint64_t>(40 + step));
}

/// The parameter after some steps of an optimizer, and by a formula step(p, g, t) in tensor operations.
template <class Optimizer, class Options, class Step>
void check_path(const Shape& shape, Options options, Step step) {
  Tensor start = spread_numbers(shape, -1, 1, {}, 3);
  Tensor p = start.clone().requires_grad_();
  Tensor unused = numbers({{7}}).requires_grad_();
  Optimizer optimizer({p, unused}, options);
  Tensor expected = start;
  for (int t = 1; t <= steps; ++t) {
    Tensor g = gradient_of_step(shape, t);
    p.set_grad(g.clone());
    optimizer.step();
    expected = step(expected, g, static_cast<double>(t));
    CHECK(agree(p.detach(), expected, 1e-12));
  }
  CHECK(equal(unused, numbers({{7}})));
  CHECK(optimizer.steps(p) == steps);
  CHECK(optimizer.steps(unused) == 0);
  // float32 and other memory follow the same path.
  Tensor single = start.to(float32).requires_grad_();
  Tensor turned = check::transposed_memory(start).requires_grad_();
  Optimizer both({single, turned}, options);
  for (int t = 1; t <= steps; ++t) {
    single.set_grad(gradient_of_step(shape, t).to(float32));
    turned.set_grad(check::stepped_memory(gradient_of_step(shape, t)));
    both.step();
  }
  CHECK(agree(turned.detach(), expected, 1e-12));
  CHECK(agree(single.detach().to(float64), expected, 2e-4));
}

double norm_of(const Tensor& x) { return std::sqrt(sum(square(x)).item()); }
double rms_of(const Tensor& x) { return std::sqrt(mean(square(x)).item()); }

}  // namespace

TEST_CASE("Lion moves every element by lr in the direction of its averages") {
  Tensor m = zeros({5, 7}, float64);
  check_path<optim::Lion>({5, 7}, optim::LionOptions{.lr = 0.01, .weight_decay = 0.1},
                          [&](const Tensor& p, const Tensor& g, double) {
                            Tensor next = p * (1 - 0.01 * 0.1) - 0.01 * sign(0.9 * m + 0.1 * g);
                            m = 0.99 * m + 0.01 * g;
                            return next;
                          });
  Tensor p = numbers({1, 2}).requires_grad_();
  optim::Lion lion({p}, {.lr = 0.5, .maximize = true});
  p.set_grad(numbers({3, 0}));
  lion.step();
  CHECK(equal(p, numbers({1.5, 2})));
  p.set_grad(numbers({std::nan(""), 0}));
  lion.step();
  CHECK(std::isnan(p[0].item()));
}

TEST_CASE("LAMB makes Adam's direction as long as the parameter") {
  Tensor m = zeros({5, 7}, float64);
  Tensor v = zeros({5, 7}, float64);
  check_path<optim::LAMB>(
      {5, 7}, optim::LAMBOptions{.lr = 0.02, .weight_decay = 0.1},
      [&](const Tensor& p, const Tensor& g, double t) {
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * square(g);
        Tensor r = m / (1 - std::pow(0.9, t)) / (sqrt(v / (1 - std::pow(0.999, t))) + 1e-6) + 0.1 * p;
        return p - 0.02 * norm_of(p) / norm_of(r) * r;
      });
  Tensor zero = numbers({0, 0}).requires_grad_();
  optim::LAMB lamb({zero}, {.lr = 0.1});
  zero.set_grad(numbers({1, -2}));
  lamb.step();
  CHECK(agree(zero.detach(), numbers({-0.1, 0.1}), 1e-5));
}

TEST_CASE("Adafactor keeps variances by rows and columns, and bounds its updates") {
  Tensor r = zeros({5, 1}, float64);
  Tensor c = zeros({1, 7}, float64);
  double eps = 2.220446049250313e-16;
  check_path<optim::Adafactor>({5, 7},
                               optim::AdafactorOptions{.lr = 0.1, .eps = {1e-8, 1e-3}, .weight_decay = 0.2},
                               [&](const Tensor& p, const Tensor& g, double t) {
                                 double s = std::pow(t, -0.8);
                                 double a = std::max(1e-3, rms_of(p)) * std::min(0.1, 1 / std::sqrt(t));
                                 r = (1 - s) * r + s * mean(square(g), Shape{1}, true);
                                 c = (1 - s) * c + s * mean(square(g), Shape{0}, true);
                                 Tensor u = g / sqrt(matmul(r, c) / mean(r));
                                 return p * (1 - 0.1 * 0.2) - a / std::max(1.0, rms_of(u)) * u;
                               });
  Tensor v = zeros({9}, float64);
  check_path<optim::Adafactor>({9}, optim::AdafactorOptions{},
                               [&](const Tensor& p, const Tensor& g, double t) {
                                 double s = std::pow(t, -0.8);
                                 double a = std::max(1e-3, rms_of(p)) * std::min(0.01, 1 / std::sqrt(t));
                                 v = (1 - s) * v + s * square(g);
                                 Tensor u = g / sqrt(clamp(v, eps * eps));
                                 return p - a / std::max(1.0, rms_of(u)) * u;
                               });
  Tensor image = ones({2, 3, 4}).requires_grad_();
  optim::Adafactor optimizer({image});
  image.set_grad(ones({2, 3, 4}));
  optimizer.step();
  auto state = optimizer.state(image);
  CHECK(state[0].second.shape() == Shape{2, 3, 1});
  CHECK(state[1].second.shape() == Shape{2, 1, 4});
}

TEST_CASE("Muon moves matrices by nearly orthogonal steps") {
  for (const Shape& shape : {Shape{5, 7}, Shape{7, 5}}) {
    Tensor b = zeros(shape, float64);
    double adjusted = std::sqrt(std::max(1.0, static_cast<double>(shape[0]) / static_cast<double>(shape[1])));
    check_path<optim::Muon>(
        shape, optim::MuonOptions{.lr = 0.05}, [&](const Tensor& p, const Tensor& g, double) {
          b = 0.95 * b + 0.05 * g;
          Tensor u = 0.05 * g + 0.95 * b;
          u = u / norm_of(u);
          for (int i = 0; i < 5; ++i) {
            Tensor gram = matmul(u, u.t());
            u = 3.4445 * u - 4.775 * matmul(gram, u) + 2.0315 * matmul(matmul(gram, gram), u);
          }
          Tensor singular = linalg::svdvals(u);
          CHECK(amin(singular).item() > 0.3);
          CHECK(amax(singular).item() < 1.3);
          return p * (1 - 0.05 * 0.1) - 0.05 * adjusted * u;
        });
  }
  Tensor bias = ones({3}).requires_grad_();
  CHECK_THROWS_AS(optim::Muon({bias}), ShapeError);
  Tensor matrix = ones({3, 2}).requires_grad_();
  CHECK_THROWS_AS(optim::Muon({matrix}, {.ns_steps = 100}), ValueError);
}

TEST_CASE("SparseAdam leaves rows alone whose gradient is 0 throughout") {
  Tensor p = numbers({{1, 2}, {3, 4}, {5, 6}}).requires_grad_();
  Tensor q = numbers({{1, 2}, {5, 6}}).requires_grad_();
  optim::SparseAdam sparse({p}, {.lr = 0.1});
  optim::Adam dense({q}, {.lr = 0.1});
  for (int t = 1; t <= 3; ++t) {
    Tensor g = gradient_of_step({2, 2}, t);
    p.set_grad(stack({g[0], zeros({2}, float64), g[1]}));
    q.set_grad(g.clone());
    sparse.step();
    dense.step();
  }
  CHECK(equal(p[1], numbers({3, 4})));
  CHECK(agree(stack({p.detach()[0], p.detach()[2]}), q.detach(), 1e-5));  // eps stands elsewhere than in Adam
  CHECK(equal(sparse.state(p)[0].second[1], numbers({0, 0})));
  CHECK_THROWS_AS(optim::SparseAdam({p}, {.lr = -1}), ValueError);
}

TEST_CASE("the newer optimizers refuse options out of range") {
  Tensor p = ones({2, 2}).requires_grad_();
  CHECK_THROWS_AS(optim::Lion({p}, {.lr = -1}), ValueError);
  CHECK_THROWS_AS(optim::Lion({p}, {.betas = {0.9, 1}}), ValueError);
  CHECK_THROWS_AS(optim::LAMB({p}, {.eps = -1}), ValueError);
  CHECK_THROWS_AS(optim::Adafactor({p}, {.d = 0.5}), ValueError);
  CHECK_THROWS_AS(optim::Adafactor({p}, {.beta2_decay = 1}), ValueError);
  CHECK_THROWS_AS(optim::Muon({p}, {.eps = 0}), ValueError);
}

#include <xgrad/autograd/ops/pooling_operations.hpp>

#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad::detail {

using kernels::Pooling;

namespace {

Tensor spread_means(const Pooling& p, const Tensor& g) {
  return record("avg_pool_gradient", kernels::spread_means(p, g.array()),
                exact_gradient(g, [p](const Tensor& h) { return mean_pool("avg_pool", p, h); }));
}

Tensor pick_choices(const Pooling& p, const Tensor& x, const Tensor& choices);

Tensor spread_choices(const Pooling& p, const Tensor& g, const Tensor& choices) {
  return record(
      "max_pool_gradient", kernels::spread_choices(p, g.array(), choices.array()),
      exact_gradient(
          g, [p](const Tensor& h, const Tensor& chosen) { return pick_choices(p, h, chosen); }, choices));
}

Tensor pick_choices(const Pooling& p, const Tensor& x, const Tensor& choices) {
  return record(
      "max_pool", kernels::pick_choices(p, x.array(), choices.array()),
      exact_gradient(
          x, [p](const Tensor& g, const Tensor& chosen) { return spread_choices(p, g, chosen); }, choices));
}

}  // namespace

Tensor mean_pool(const char* name, const Pooling& p, const Tensor& x) {
  return record(name, kernels::mean_pool(p, x.array()),
                exact_gradient(x, [p](const Tensor& g) { return spread_means(p, g); }));
}

std::pair<Tensor, Tensor> max_pool(const char* name, const Pooling& p, const Tensor& x, bool with_places) {
  require_floating(name, x);
  bool recorded = is_grad_enabled() && x.requires_grad();
  if (!kernels::has_small_windows(p)) {
    auto [values, found] = kernels::max_pool_places(p, x.array());
    Tensor places(std::move(found));
    Tensor y = record(name, std::move(values),
                      exact_gradient(
                          x,
                          [p](const Tensor& g, const Tensor& chosen) {
                            Shape rows = flattened(p, g.shape(), p.output_plane());
                            Tensor spread =
                                scatter_add(reshape(g, rows), flattened(p, g.shape(), p.input_plane()), -1,
                                            reshape(chosen, rows));
                            return reshape(spread, p.input_shape(g.shape()));
                          },
                          places));
    return {y, places};
  }
  if (!recorded && !with_places) return {Tensor(kernels::max_pool(p, x.array())), Tensor()};
  auto [values, chosen] = kernels::max_pool_choices(p, x.array());
  Tensor choices(std::move(chosen));
  Tensor y = record(
      name, std::move(values),
      exact_gradient(x, [p](const Tensor& g, const Tensor& c) { return spread_choices(p, g, c); }, choices));
  return {y, with_places ? Tensor(kernels::choice_places(p, choices.array())) : Tensor()};
}

Shape flattened(const Pooling& p, const Shape& shape, std::int64_t plane) {
  Shape result(shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(p.spatial));
  result.push_back(plane);
  return result;
}

namespace {
constexpr std::int64_t largest = 0x7fffffff;
}

void check_number(const char* name, const char* option, std::int64_t number, std::int64_t least) {
  if (number < least || number > largest) {
    throw ValueError(
        fmt::format("{}: expected {} of at least {} (and below 2^31), got {}", name, option, least, number));
  }
}

void check_pool_input(const char* name, const Tensor& x, std::size_t spatial) {
  bool fits = x.ndim() == spatial + 1 || x.ndim() == spatial + 2;
  for (std::size_t i = x.ndim() == spatial + 2 ? 1 : 0; i < x.ndim(); ++i) fits = fits && x.shape()[i] > 0;
  if (!fits) {
    throw ShapeError(
        fmt::format("{}: expected [N, channels] or [channels] with {} spatial dimensions, of which "
                    "only N may be 0, got {}",
                    name, spatial, to_string(x.shape())));
  }
  for (std::size_t i = x.ndim() - spatial; i < x.ndim(); ++i) {
    if (x.shape()[i] > largest)
      throw ShapeError(fmt::format("{}: expected sizes below 2^31, got {}", name, to_string(x.shape())));
  }
}

}  // namespace xgrad::detail

#include <xgrad/autograd/ops/embedding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/embedding.hpp>
#include <xgrad/autograd/kernels/indexing.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/checks.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/histogram.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/autograd/ops/norm.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/scatter.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/sorting.hpp>
#include <xgrad/autograd/ops/unary.hpp>

namespace xgrad {
namespace {

/// `input` as a vector of places, each of which is a row. Throws.
Tensor checked_rows(const char* name, const Tensor& input, const Tensor& weight) {
  if (input.dtype() != int64 && input.dtype() != int32) {
    throw DTypeError(fmt::format("{}: expected an input of int64 or int32, got {}; convert with to(int64)",
                                 name, xgrad::name(input.dtype())));
  }
  detail::require_floating(name, weight);
  if (weight.ndim() != 2) {
    throw ShapeError(
        fmt::format("{}: expected weight [rows, features], got {}", name, to_string(weight.shape())));
  }
  return contiguous(reshape(detail::checked_index(name, input, weight.size(0)), {-1}));
}

/// padding_idx from the front. Throws IndexError.
std::optional<std::int64_t> checked_padding(const char* name, std::optional<std::int64_t> padding,
                                            const Tensor& weight) {
  if (!padding) return padding;
  std::int64_t rows = weight.size(0);
  if (*padding < -rows || *padding >= rows) {
    throw IndexError(fmt::format("{}: expected padding_idx from {} to {} for weight {}, got {}", name, -rows,
                                 rows - 1, to_string(weight.shape()), *padding));
  }
  return *padding < 0 ? *padding + rows : *padding;
}

void limit_norms(const Tensor& weight, const Tensor& rows, double max_norm, double norm_type) {
  NoGrad off;
  Tensor used = unique(rows).values;
  Tensor scaled = renorm(index_select(weight, 0, used), norm_type, 0, max_norm);
  for (std::int64_t i = 0; i < used.numel(); ++i) {
    Tensor row = weight.select(0, used.data<std::int64_t>()[i]);
    row.copy_(scaled.select(0, i));
  }
}

/// What the gradient of each picked row is multiplied by, [n, 1].
Tensor row_shares(const Tensor& rows, DType dtype, std::optional<std::int64_t> padding, bool by_frequency) {
  NoGrad off;
  Tensor shares = ones({rows.numel(), 1}, dtype);
  if (by_frequency && rows.numel() > 0)
    shares = shares / unsqueeze(index_select(bincount(rows), 0, rows), 1).to(dtype);
  if (padding) shares = where(unsqueeze(rows, 1) == *padding, 0, shares);
  return shares;
}

/// The rows, [n, features]. Their gradient is 0 at `padding` and divided by how often a row is picked.
Tensor picked_rows(const Tensor& weight, const Tensor& rows, std::optional<std::int64_t> padding,
                   bool by_frequency) {
  return record("embedding", kernels::index_select(weight.array(), 0, rows.array()),
                exact_gradient(
                    weight,
                    [size = weight.size(0), padding, by_frequency](const Tensor& g, const Tensor& places) {
                      if (!is_grad_enabled()) {
                        return Tensor(kernels::embedding_backward(g.array(), size, places.array(), padding,
                                                                  by_frequency));
                      }
                      Tensor summands = g;
                      if (padding || by_frequency) {
                        Tensor shares = row_shares(places, g.dtype(), padding, by_frequency);
                        summands = where(shares == 0, 0, g * shares);
                      }
                      return index_add(zeros({size, g.size(1)}, g.dtype()), 0, places, summands);
                    },
                    rows));
}

}  // namespace

Tensor embedding(const Tensor& input, const Tensor& weight, EmbeddingOptions options) {
  Tensor rows = checked_rows("embedding", input, weight);
  auto padding = checked_padding("embedding", options.padding_idx, weight);
  if (options.max_norm) limit_norms(weight, rows, *options.max_norm, options.norm_type);
  Shape shape = input.shape();
  shape.push_back(weight.size(1));
  return reshape(picked_rows(weight, rows, padding, options.scale_grad_by_freq), shape);
}

// Bags ----------------------------------------------------------------------------------------------

namespace {

constexpr const char* bag_name = "embedding_bag";

/// Where each bag begins in the flattened input, and where the last one ends.
std::vector<std::int64_t> bag_bounds(const Tensor& input, const EmbeddingBagOptions& options) {
  std::vector<std::int64_t> bounds;
  if (input.ndim() == 2) {
    if (options.offsets.defined()) {
      throw ValueError(
          fmt::format("{}: expected no offsets for a 2-d input, whose rows are the bags: input {}", bag_name,
                      to_string(input.shape())));
    }
    for (std::int64_t i = 0; i <= input.size(0); ++i) bounds.push_back(i * input.size(1));
    return bounds;
  }
  if (input.ndim() != 1) {
    throw ShapeError(fmt::format("{}: expected an input of one or two dimensions, got {}", bag_name,
                                 to_string(input.shape())));
  }
  if (!options.offsets.defined()) {
    throw ValueError(
        fmt::format("{}: expected offsets for a 1-d input, which say where bags begin", bag_name));
  }
  if (options.offsets.ndim() != 1 || (options.offsets.dtype() != int64 && options.offsets.dtype() != int32)) {
    throw ShapeError(fmt::format("{}: expected a vector of integers as offsets, got {} {}", bag_name,
                                 name(options.offsets.dtype()), to_string(options.offsets.shape())));
  }
  Tensor offsets = options.offsets.to(int64).contiguous();
  bounds.assign(offsets.data<std::int64_t>(), offsets.data<std::int64_t>() + offsets.numel());
  if (options.include_last_offset && bounds.empty())
    throw ValueError(fmt::format("{}: include_last_offset needs at least one offset", bag_name));
  if (!options.include_last_offset) bounds.push_back(input.numel());
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    std::int64_t least = i == 0 ? 0 : bounds[i - 1];
    if (bounds[i] < least || bounds[i] > input.numel() || (i == 0 && offsets.numel() > 0 && bounds[0] != 0)) {
      throw ValueError(fmt::format("{}: expected offsets from 0, ascending, to at most {}: offset {} is {}",
                                   bag_name, input.numel(), i, bounds[i]));
    }
  }
  return bounds;
}

/// The places in the flattened rows [n, features] of the first maxima of every bag; -1 for empty bags.
Tensor first_maxima(const Tensor& rows, const std::vector<std::int64_t>& bounds) {
  std::int64_t features = rows.size(1), bags = static_cast<std::int64_t>(bounds.size()) - 1;
  Tensor places = full({bags, features}, -1, int64), dense = rows.detach().contiguous();
  dispatch_floating(rows.dtype(), [&]<class T>(TypeTag<T>) {
    const T* numbers = dense.data<T>();
    for (std::int64_t bag = 0; bag < bags; ++bag) {
      for (std::int64_t row = bounds[static_cast<std::size_t>(bag)];
           row < bounds[static_cast<std::size_t>(bag) + 1]; ++row) {
        for (std::int64_t j = 0; j < features; ++j) {
          std::int64_t& place = places.data<std::int64_t>()[bag * features + j];
          std::int64_t here = row * features + j;
          if (place < 0 || numbers[here] > numbers[place]) place = here;
        }
      }
    }
  });
  return places;
}

void check_bag_options(const Tensor& input, const Tensor& weight, const EmbeddingBagOptions& options) {
  if (options.mode != "sum" && options.mode != "mean" && options.mode != "max") {
    throw ValueError(
        fmt::format("{}: expected mode \"sum\", \"mean\" or \"max\", got \"{}\"", bag_name, options.mode));
  }
  if (options.mode == "max" && options.scale_grad_by_freq)
    throw ValueError(fmt::format("{}: scale_grad_by_freq does not go with mode \"max\"", bag_name));
  const Tensor& factors = options.per_sample_weights;
  if (!factors.defined()) return;
  if (options.mode != "sum") {
    throw ValueError(
        fmt::format("{}: per_sample_weights go with mode \"sum\" alone, got \"{}\"", bag_name, options.mode));
  }
  if (factors.dtype() != weight.dtype()) {
    throw DTypeError(fmt::format("{}: expected per_sample_weights of weight's dtype {}, got {}", bag_name,
                                 name(weight.dtype()), name(factors.dtype())));
  }
  if (!(factors.shape() == input.shape())) {
    throw ShapeError(fmt::format("{}: expected per_sample_weights of the input's shape {}, got {}", bag_name,
                                 to_string(input.shape()), to_string(factors.shape())));
  }
}

}  // namespace

Tensor embedding_bag(const Tensor& input, const Tensor& weight, EmbeddingBagOptions options) {
  Tensor rows = checked_rows(bag_name, input, weight);
  auto padding = checked_padding(bag_name, options.padding_idx, weight);
  check_bag_options(input, weight, options);
  std::vector<std::int64_t> bounds = bag_bounds(input, options);
  auto bags = static_cast<std::int64_t>(bounds.size()) - 1;

  // What counts: where it stands in the input, and in which bag.
  Tensor kept = empty({rows.numel()}, int64), bag_of = empty({rows.numel()}, int64);
  std::int64_t count = 0;
  std::vector<std::int64_t> kept_bounds{0};
  for (std::int64_t bag = 0; bag < bags; ++bag) {
    for (std::int64_t i = bounds[static_cast<std::size_t>(bag)];
         i < bounds[static_cast<std::size_t>(bag) + 1]; ++i) {
      if (padding && rows.data<std::int64_t>()[i] == *padding) continue;
      kept.data<std::int64_t>()[count] = i;
      bag_of.data<std::int64_t>()[count++] = bag;
    }
    kept_bounds.push_back(count);
  }
  kept = kept.slice(0, 0, count);
  bag_of = bag_of.slice(0, 0, count);

  if (options.max_norm) limit_norms(weight, rows, *options.max_norm, options.norm_type);
  Tensor picked = picked_rows(weight, index_select(rows, 0, kept), std::nullopt, options.scale_grad_by_freq);
  Tensor none = zeros({bags, weight.size(1)}, weight.dtype());
  if (options.mode == "max") {
    Tensor places = first_maxima(picked, kept_bounds);
    if (count == 0) return none;
    return where(places < 0, 0, take(picked, clamp(places, Scalar(0))));
  }
  if (options.per_sample_weights.defined()) {
    picked = picked * unsqueeze(index_select(reshape(options.per_sample_weights, {-1}), 0, kept), 1);
  }
  Tensor sums = index_add(none, 0, bag_of, picked);
  if (options.mode == "sum") return sums;
  Tensor divisors = empty({bags, 1}, float64);
  for (std::size_t i = 0; i + 1 < kept_bounds.size(); ++i) {
    std::int64_t size = std::max<std::int64_t>(kept_bounds[i + 1] - kept_bounds[i], 1);
    divisors.data<double>()[i] = static_cast<double>(size);
  }
  return sums / divisors.to(weight.dtype());
}

}  // namespace xgrad

#pragma once

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>

/// What the options of optimizers are checked with.
namespace xgrad::optim::detail {

/// Throws ValueError, "name: expected what, got value", unless it is right.
inline void require(const char* name, bool right, const char* what, double value) {
  if (!right) throw ValueError(fmt::format("{}: expected {}, got {}", name, what, value));
}

/// Throws ValueError for a negative lr, eps or weight_decay, and for a beta outside [0, 1).
template <class Options>
void require_adam_options(const char* name, const Options& o) {
  require(name, o.lr >= 0, "lr of 0 or more", o.lr);
  require(name, o.eps >= 0, "eps of 0 or more", o.eps);
  require(name, o.weight_decay >= 0, "weight_decay of 0 or more", o.weight_decay);
  require(name, o.betas[0] >= 0 && o.betas[0] < 1, "betas[0] in [0, 1)", o.betas[0]);
  require(name, o.betas[1] >= 0 && o.betas[1] < 1, "betas[1] in [0, 1)", o.betas[1]);
}

}  // namespace xgrad::optim::detail

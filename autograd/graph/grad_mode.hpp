#pragma once

#include <utility>

#include <xgrad/autograd/array/export.hpp>

namespace xgrad {

namespace detail {
/// Whether the calling thread records operations.
XGRAD_API extern constinit thread_local bool grad_enabled;
}  // namespace detail

inline bool is_grad_enabled() noexcept { return detail::grad_enabled; }

/// Sets for its lifetime whether the calling thread records operations. Source: torch.set_grad_enabled.
class GradMode {
 public:
  explicit GradMode(bool enabled) noexcept : before_(std::exchange(detail::grad_enabled, enabled)) {}
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;
  ~GradMode() { detail::grad_enabled = before_; }

 private:
  bool before_;
};

/// Records nothing while it lives. Source: torch.no_grad.
class NoGrad : public GradMode {
 public:
  NoGrad() noexcept : GradMode(false) {}
};

/// Records again, inside a NoGrad. Source: torch.enable_grad.
class EnableGrad : public GradMode {
 public:
  EnableGrad() noexcept : GradMode(true) {}
};

}  // namespace xgrad

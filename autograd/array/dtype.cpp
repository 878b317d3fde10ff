#include <xgrad/autograd/array/dtype.hpp>

#include <atomic>
#include <string>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad {
namespace {
std::atomic<DType> current_default{DType::float32};
}  // namespace

DType default_dtype() noexcept { return current_default.load(std::memory_order_relaxed); }

void set_default_dtype(DType dtype) {
  if (!is_floating(dtype)) {
    throw DTypeError("set_default_dtype: expected float32 or float64, got " + std::string(name(dtype)));
  }
  current_default.store(dtype, std::memory_order_relaxed);
}

}  // namespace xgrad

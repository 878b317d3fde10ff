#include "common/accuracy.hpp"

#include <xgrad/xgrad.hpp>

namespace examples {

int count_right(const xgrad::Tensor& probabilities, const xgrad::Tensor& targets) {
  return sum((probabilities > 0.5) == (targets > 0.5)).item<int>();
}

}  // namespace examples

#pragma once

#include <xgrad/autograd/array/array.hpp>

namespace xgrad::kernels {

struct MultilabelMargin {
  Array losses;  ///< [N]
  Array slopes;  ///< [N, C]: of the loss of a row with respect to each of its scores
};

/// For scores x [N, C] and classes [N, C] int64, each row listing classes up to the first -1, both row-major:
/// the sum over listed j and unlisted i of max(0, 1 - x[j] + x[i]) / C. The caller has checked the classes.
XGRAD_API MultilabelMargin multilabel_margin(const Array& x, const Array& classes);

}  // namespace xgrad::kernels

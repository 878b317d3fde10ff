#pragma once

#include <string_view>

#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad {

/// The last dimensions made longer: `padding` has a pair (before, after) for the last dimension, then one for
/// the last but one, and so on; a negative number takes elements away.
///   "constant"   `value` at every new place, in any dimensions;
///   "reflect"    mirrored at the edge element, which is not repeated: 3 2 | 1 2 3 | 2 1;
///   "replicate"  the edge element repeated;
///   "circular"   continued from the other end.
/// The last three take 1 to 3 pairs for as many last dimensions, with a channel and a batch dimension before
/// them (the batch dimension may be missing except for "circular"). Elements that occur several times receive
/// the sum of their gradients. Throws ValueError for another mode, an odd number of entries, a value other
/// than 0 in a mode that takes none, and padding that is too large for the mode; ShapeError. Source:
/// torch.nn.functional.pad.
XGRAD_API Tensor pad(const Tensor& x, const Shape& padding, std::string_view mode = "constant",
                     Scalar value = 0);

}  // namespace xgrad

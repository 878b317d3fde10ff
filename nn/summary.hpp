#pragma once

#include <optional>
#include <string>

#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

struct SummaryOptions {
  std::optional<DType> dtype =
      std::nullopt;  ///< of the input; by default that of the first floating parameter
};

/// A table of the model: its modules, indented, each with the shape that it returns for an input of zeros of
/// `input_shape`, the number of its own parameters and the multiply-adds of its own products, and the totals.
/// The model runs once, in evaluation mode and unrecorded, and is left as it was. Products outside modules do
/// not count. Throws what the model throws for such an input.
///
///     Layer                                                Output  Parameters  Multiply-adds
///     Sequential                                           [1, 1]
///       (0) Linear(in_features=9, out_features=4, ...      [1, 4]          40             36
///     ...
///     Total                                                                45             40
XGRAD_API std::string summary(Module& model, const Shape& input_shape, SummaryOptions options = {});

/// The number of elements of all parameters, a shared one once; with trained_only, of those that require
/// gradients.
XGRAD_API std::int64_t count_parameters(const Module& model, bool trained_only = false);

}  // namespace xgrad::nn

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
/// `input_shape` and the number of its own parameters, and their total. The model runs once, in evaluation
/// mode and unrecorded, and is left as it was. Throws what the model throws for such an input.
///
///     Layer                                                Output     Parameters
///     Sequential                                           [1, 1]
///       (0) Linear(in_features=9, out_features=4, ...      [1, 4]             40
///     ...
///     Total                                                                   45
XGRAD_API std::string summary(Module& model, const Shape& input_shape, SummaryOptions options = {});

}  // namespace xgrad::nn

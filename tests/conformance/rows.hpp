#pragma once

#include "arguments.hpp"

/// What the rows of the table are written with.
namespace conformance {

/// Calls by "group/name".
using Rows = std::map<std::string, Call>;

/// f(input).
inline Call unary(Tensor (*call)(const Tensor&)) {
  return [call](const Arguments& a) { return Outputs{call(a.tensor("input"))}; };
}
/// f(input, other).
inline Call binary(Tensor (*call)(const Tensor&, const Tensor&)) {
  return [call](const Arguments& a) { return Outputs{call(a.tensor("input"), a.tensor("other"))}; };
}
/// f(input, other), other a tensor or a number.
inline Call with_number(Tensor (*two)(const Tensor&, const Tensor&), Tensor (*one)(const Tensor&, Scalar)) {
  return [=](const Arguments& a) {
    return Outputs{a.is_tensor("other") ? two(a.tensor("input"), a.tensor("other"))
                                        : one(a.tensor("input"), a.number("other"))};
  };
}
/// Undefined for null.
inline Tensor optional_tensor(const Arguments& a, const std::string& name) {
  return a.is_null(name) ? Tensor() : a.tensor(name);
}
inline std::optional<Scalar> optional_number(const Arguments& a, const std::string& name) {
  return a.is_null(name) ? std::nullopt : std::optional(a.number(name));
}

Rows creation_rows();
Rows unary_rows();
Rows binary_rows();
Rows reduction_rows();
Rows shape_rows();
Rows index_rows();
Rows linalg_rows();
Rows linalg_decomposition_rows();
Rows linalg_norm_rows();
Rows nn_rows();
Rows nn_normalization_rows();
Rows nn_embedding_rows();
Rows nn_attention_rows();
Rows nn_resampling_rows();
Rows nn_convolution_rows();
Rows loss_rows();
Rows optim_rows();
Rows lr_scheduler_rows();
Rows init_rows();
Rows module_layer_rows();
Rows module_normalization_rows();
Rows module_recurrent_rows();
Rows module_attention_rows();
Rows train_rows();
Rows program_rows();
/// A straight-line program; see expression.cpp.
Outputs run_expression(const Arguments& a);

}  // namespace conformance

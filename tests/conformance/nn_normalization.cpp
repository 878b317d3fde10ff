#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

/// What the running statistics become stands behind the result, where they are given; the arguments stay.
template <class Call>
Outputs with_running_statistics(const A& a, const Call& call) {
  if (a.is_null("running_mean") || a.is_null("running_var")) {
    return Outputs{call(optional_tensor(a, "running_mean"), optional_tensor(a, "running_var"))};
  }
  Tensor mean = a.tensor("running_mean").clone(), variance = a.tensor("running_var").clone();
  Tensor y = call(mean, variance);
  return Outputs{y, mean, variance};
}

}  // namespace

Rows nn_normalization_rows() {
  return {
      {"nn/layer_norm",
       [](const A& a) {
         return Outputs{layer_norm(a.tensor("input"), a.ints("normalized_shape"),
                                   optional_tensor(a, "weight"), optional_tensor(a, "bias"), a.real("eps"))};
       }},
      {"nn/group_norm",
       [](const A& a) {
         return Outputs{group_norm(a.tensor("input"), a.integer("num_groups"), optional_tensor(a, "weight"),
                                   optional_tensor(a, "bias"), a.real("eps"))};
       }},
      {"nn/batch_norm",
       [](const A& a) {
         return with_running_statistics(a, [&](const Tensor& mean, const Tensor& variance) {
           return batch_norm(a.tensor("input"), mean, variance, optional_tensor(a, "weight"),
                             optional_tensor(a, "bias"), a.flag("training"), a.real("momentum"),
                             a.real("eps"));
         });
       }},
      {"nn/instance_norm",
       [](const A& a) {
         return with_running_statistics(a, [&](const Tensor& mean, const Tensor& variance) {
           return instance_norm(a.tensor("input"), mean, variance, optional_tensor(a, "weight"),
                                optional_tensor(a, "bias"), a.flag("use_input_stats"), a.real("momentum"),
                                a.real("eps"));
         });
       }},
  };
}

}  // namespace conformance

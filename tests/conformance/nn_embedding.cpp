#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

std::optional<std::int64_t> integer_or_none(const A& a, const std::string& name) {
  return a.is_null(name) ? std::nullopt : std::optional(a.integer(name));
}

}  // namespace

Rows nn_embedding_rows() {
  return {
      {"nn/glu", [](const A& a) { return Outputs{glu(a.tensor("input"), a.integer("dim"))}; }},
      {"nn/prelu", [](const A& a) { return Outputs{prelu(a.tensor("input"), a.tensor("weight"))}; }},
      {"nn/rrelu_eval",
       [](const A& a) { return Outputs{rrelu(a.tensor("input"), a.real("lower"), a.real("upper"))}; }},
      {"nn/embedding",
       [](const A& a) {
         return Outputs{embedding(a.tensor("input"), a.tensor("weight"),
                                  {.padding_idx = integer_or_none(a, "padding_idx"),
                                   .scale_grad_by_freq = a.flag("scale_grad_by_freq")})};
       }},
      {"nn/embedding_bag",
       [](const A& a) {
         std::string mode = a.text("mode");
         return Outputs{embedding_bag(a.tensor("input"), a.tensor("weight"),
                                      {.offsets = optional_tensor(a, "offsets"),
                                       .mode = mode,
                                       .per_sample_weights = optional_tensor(a, "per_sample_weights"),
                                       .include_last_offset = a.flag("include_last_offset"),
                                       .padding_idx = integer_or_none(a, "padding_idx")})};
       }},
  };
}

}  // namespace conformance

#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

Rows creation_rows() {
  return {
      {"creation/arange",
       [](const A& a) {
         return Outputs{
             arange(a.number("start"), a.number("end"), a.number("step"), a.optional_dtype("dtype"))};
       }},
      {"creation/linspace",
       [](const A& a) { return Outputs{linspace(a.real("start"), a.real("end"), a.integer("steps"))}; }},
      {"creation/logspace",
       [](const A& a) {
         return Outputs{logspace(a.real("start"), a.real("end"), a.integer("steps"), a.real("base"))};
       }},
      {"creation/eye",
       [](const A& a) {
         return Outputs{eye(a.integer("n"), a.is_null("m") ? std::nullopt : std::optional(a.integer("m")))};
       }},
      {"creation/zeros",
       [](const A& a) { return Outputs{zeros(a.ints("size"), a.optional_dtype("dtype"))}; }},
      {"creation/ones", [](const A& a) { return Outputs{ones(a.ints("size"), a.optional_dtype("dtype"))}; }},
      {"creation/full",
       [](const A& a) {
         return Outputs{full(a.ints("size"), a.number("fill_value"), a.optional_dtype("dtype"))};
       }},
      {"creation/zeros_like",
       [](const A& a) { return Outputs{zeros_like(a.tensor("input"), a.optional_dtype("dtype"))}; }},
      {"creation/ones_like",
       [](const A& a) { return Outputs{ones_like(a.tensor("input"), a.optional_dtype("dtype"))}; }},
      {"creation/full_like",
       [](const A& a) {
         return Outputs{full_like(a.tensor("input"), a.number("fill_value"), a.optional_dtype("dtype"))};
       }},
      {"creation/tril_indices",
       [](const A& a) {
         return Outputs{tril_indices(a.integer("row"), a.integer("col"), a.integer("offset"))};
       }},
      {"creation/triu_indices",
       [](const A& a) {
         return Outputs{triu_indices(a.integer("row"), a.integer("col"), a.integer("offset"))};
       }},
      {"creation/meshgrid", [](const A& a) { return meshgrid(a.tensors("tensors"), a.text("indexing")); }},
      {"creation/cartesian_prod", [](const A& a) { return Outputs{cartesian_prod(a.tensors("tensors"))}; }},
      {"creation/combinations",
       [](const A& a) {
         return Outputs{combinations(a.tensor("input"), a.integer("r"), a.flag("with_replacement"))};
       }},
      {"creation/vander",
       [](const A& a) {
         return Outputs{
             linalg::vander(a.tensor("x"), a.is_null("N") ? std::nullopt : std::optional(a.integer("N")))};
       }},
      {"creation/to", [](const A& a) { return Outputs{to(a.tensor("input"), a.dtype("dtype"))}; }},
  };
}

}  // namespace conformance

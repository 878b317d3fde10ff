#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

/// call(a name of a norm) or call(a number): "fro" and "nuc" are names, "inf" is a number.
template <class Call>
Outputs with_order(const A& a, const std::string& argument, const Call& call) {
  const Json& order = a.json(argument);
  if (order == "fro" || order == "nuc") return Outputs{call(a.text(argument))};
  return Outputs{call(a.real(argument))};
}

}  // namespace

Rows linalg_norm_rows() {
  return {
      {"linalg/matrix_norm",
       [](const A& a) {
         return with_order(a, "ord", [&](const auto& ord) {
           return linalg::matrix_norm(a.tensor("A"), ord, a.ints("dim"), a.flag("keepdim"));
         });
       }},
      {"linalg/norm",
       [](const A& a) {
         if (a.is_null("ord")) {
           return Outputs{linalg::norm(a.tensor("A"), std::nullopt, a.dims("dim"), a.flag("keepdim"))};
         }
         return with_order(a, "ord", [&](const auto& ord) {
           return linalg::norm(a.tensor("A"), ord, a.dims("dim"), a.flag("keepdim"));
         });
       }},
      {"linalg/cond",
       [](const A& a) {
         if (a.is_null("p")) return Outputs{linalg::cond(a.tensor("A"))};
         return with_order(a, "p", [&](const auto& p) { return linalg::cond(a.tensor("A"), p); });
       }},
      {"linalg/einsum",
       [](const A& a) { return Outputs{einsum(a.text("equation"), a.tensors("operands"))}; }},
      {"linalg/multi_dot", [](const A& a) { return Outputs{linalg::multi_dot(a.tensors("tensors"))}; }},
      {"linalg/cross_legacy",
       [](const A& a) {
         std::optional<std::int64_t> dim;
         if (!a.is_null("dim")) dim = a.integer("dim");
         return Outputs{cross(a.tensor("input"), a.tensor("other"), dim)};
       }},
      {"linalg/cdist",
       [](const A& a) { return Outputs{cdist(a.tensor("x1"), a.tensor("x2"), a.real("p"))}; }},
      {"linalg/pdist", [](const A& a) { return Outputs{pdist(a.tensor("input"), a.real("p"))}; }},
      {"linalg/cov",
       [](const A& a) {
         return Outputs{cov(a.tensor("input"), a.integer("correction"), optional_tensor(a, "fweights"),
                            optional_tensor(a, "aweights"))};
       }},
      {"linalg/corrcoef", [](const A& a) { return Outputs{corrcoef(a.tensor("input"))}; }},
  };
}

}  // namespace conformance

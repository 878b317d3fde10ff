#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

Rows reduction_rows() {
  return {
      {"reduction/mean",
       [](const A& a) {
         Tensor x = a.is_null("dtype") ? a.tensor("input") : a.tensor("input").to(float64);
         return Outputs{mean(x, a.dims("dim"), a.flag("keepdim"))};
       }},
      {"reduction/var",
       [](const A& a) {
         return Outputs{var(a.tensor("input"), a.dims("dim"), a.real("correction"), a.flag("keepdim"))};
       }},
      {"reduction/amax",
       [](const A& a) { return Outputs{amax(a.tensor("input"), a.dims("dim"), a.flag("keepdim"))}; }},
      {"reduction/amin",
       [](const A& a) { return Outputs{amin(a.tensor("input"), a.dims("dim"), a.flag("keepdim"))}; }},
      {"reduction/logsumexp",
       [](const A& a) { return Outputs{logsumexp(a.tensor("input"), a.dims("dim"), a.flag("keepdim"))}; }},
  };
}

}  // namespace conformance

#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

Rows unary_rows() {
  return {
      {"unary/abs", unary(abs)},
      {"unary/neg", unary(neg)},
      {"unary/exp", unary(exp)},
      {"unary/exp2", unary(exp2)},
      {"unary/expm1", unary(expm1)},
      {"unary/log", unary(log)},
      {"unary/log1p", unary(log1p)},
      {"unary/log2", unary(log2)},
      {"unary/log10", unary(log10)},
      {"unary/sqrt", unary(sqrt)},
      {"unary/rsqrt", unary(rsqrt)},
      {"unary/square", unary(square)},
      {"unary/reciprocal", unary(reciprocal)},
      {"unary/sin", unary(sin)},
      {"unary/cos", unary(cos)},
      {"unary/tan", unary(tan)},
      {"unary/asin", unary(asin)},
      {"unary/acos", unary(acos)},
      {"unary/atan", unary(atan)},
      {"unary/sinh", unary(sinh)},
      {"unary/cosh", unary(cosh)},
      {"unary/tanh", unary(tanh)},
      {"unary/asinh", unary(asinh)},
      {"unary/acosh", unary(acosh)},
      {"unary/atanh", unary(atanh)},
      {"unary/sigmoid", unary(sigmoid)},
      {"unary/logsigmoid", unary(logsigmoid)},
      {"unary/relu", unary(relu)},
      {"unary/silu", unary(silu)},
      {"unary/erf", unary(erf)},
      {"unary/erfc", unary(erfc)},
      {"unary/floor", unary(floor)},
      {"unary/ceil", unary(ceil)},
      {"unary/trunc", unary(trunc)},
      {"unary/sign", unary(sign)},
      {"unary/sgn", unary(sign)},
      {"unary/isnan", unary(isnan)},
      {"unary/isinf", unary(isinf)},
      {"unary/isfinite", unary(isfinite)},
      {"unary/logical_not", unary(logical_not)},
      {"unary/leaky_relu",
       [](const A& a) { return Outputs{leaky_relu(a.tensor("input"), a.real("negative_slope"))}; }},
      {"unary/elu", [](const A& a) { return Outputs{elu(a.tensor("input"), a.real("alpha"))}; }},
      {"unary/softplus",
       [](const A& a) { return Outputs{softplus(a.tensor("input"), a.real("beta"), a.real("threshold"))}; }},
      {"unary/clamp",
       [](const A& a) {
         return Outputs{clamp(a.tensor("input"), optional_number(a, "min"), optional_number(a, "max"))};
       }},
  };
}

}  // namespace conformance

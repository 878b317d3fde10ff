#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {
std::optional<double> nullable_real(const A& a, const std::string& name) {
  return a.is_null(name) ? std::nullopt : std::optional(a.real(name));
}
}  // namespace

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
         if (a.is_tensor("min") || a.is_tensor("max"))
           return Outputs{clamp(a.tensor("input"), optional_tensor(a, "min"), optional_tensor(a, "max"))};
         return Outputs{clamp(a.tensor("input"), optional_number(a, "min"), optional_number(a, "max"))};
       }},
      {"unary/positive", unary(positive)},
      {"unary/frac", unary(frac)},
      {"unary/selu", unary(selu)},
      {"unary/mish", unary(mish)},
      {"unary/softsign", unary(softsign)},
      {"unary/hardsigmoid", unary(hardsigmoid)},
      {"unary/hardswish", unary(hardswish)},
      {"unary/relu6", unary(relu6)},
      {"unary/tanhshrink", unary(tanhshrink)},
      {"unary/erfinv", unary(erfinv)},
      {"unary/lgamma", unary(lgamma)},
      {"unary/digamma", unary(digamma)},
      {"unary/sinc", unary(sinc)},
      {"unary/deg2rad", unary(deg2rad)},
      {"unary/rad2deg", unary(rad2deg)},
      {"unary/i0", unary(i0)},
      {"unary/isneginf", unary(isneginf)},
      {"unary/isposinf", unary(isposinf)},
      {"unary/signbit", unary(signbit)},
      {"unary/bitwise_not", unary(bitwise_not)},
      {"unary/special.entr", unary(special::entr)},
      {"unary/special.ndtr", unary(special::ndtr)},
      {"unary/special.ndtri", unary(special::ndtri)},
      {"unary/special.log_ndtr", unary(special::log_ndtr)},
      {"unary/special.erfcx", unary(special::erfcx)},
      {"unary/round", [](const A& a) { return Outputs{round(a.tensor("input"), a.integer("decimals"))}; }},
      {"unary/celu", [](const A& a) { return Outputs{celu(a.tensor("input"), a.real("alpha"))}; }},
      {"unary/gelu", [](const A& a) { return Outputs{gelu(a.tensor("input"), a.text("approximate"))}; }},
      {"unary/hardtanh",
       [](const A& a) { return Outputs{hardtanh(a.tensor("input"), a.real("min_val"), a.real("max_val"))}; }},
      {"unary/hardshrink",
       [](const A& a) { return Outputs{hardshrink(a.tensor("input"), a.real("lambd"))}; }},
      {"unary/softshrink",
       [](const A& a) { return Outputs{softshrink(a.tensor("input"), a.real("lambd"))}; }},
      {"unary/threshold",
       [](const A& a) {
         return Outputs{threshold(a.tensor("input"), a.real("threshold"), a.real("value"))};
       }},
      {"unary/logit", [](const A& a) { return Outputs{logit(a.tensor("input"), nullable_real(a, "eps"))}; }},
      {"unary/polygamma", [](const A& a) { return Outputs{polygamma(a.integer("n"), a.tensor("input"))}; }},
      {"unary/mvlgamma", [](const A& a) { return Outputs{mvlgamma(a.tensor("input"), a.integer("p"))}; }},
      {"unary/nan_to_num",
       [](const A& a) {
         return Outputs{nan_to_num(a.tensor("input"), nullable_real(a, "nan").value_or(0),
                                   nullable_real(a, "posinf"), nullable_real(a, "neginf"))};
       }},
  };
}

}  // namespace conformance

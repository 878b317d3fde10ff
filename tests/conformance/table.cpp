#include "arguments.hpp"

namespace conformance {

using namespace xgrad;

namespace {

using A = Arguments;

Call unary(Tensor (*call)(const Tensor&)) {
  return [call](const A& a) { return Outputs{call(a.tensor("input"))}; };
}
Call binary(Tensor (*call)(const Tensor&, const Tensor&)) {
  return [call](const A& a) { return Outputs{call(a.tensor("input"), a.tensor("other"))}; };
}
/// Two tensors, or a tensor and a number.
Call with_number(Tensor (*two)(const Tensor&, const Tensor&), Tensor (*one)(const Tensor&, Scalar)) {
  return [=](const A& a) {
    return Outputs{a.is_tensor("other") ? two(a.tensor("input"), a.tensor("other"))
                                        : one(a.tensor("input"), a.number("other"))};
  };
}
std::optional<Scalar> optional_number(const A& a, const std::string& name) {
  return a.is_null(name) ? std::nullopt : std::optional(a.number(name));
}

}  // namespace

const std::map<std::string, Call>& table() {
  static const std::map<std::string, Call> all = [] {
    std::map<std::string, Call> rows = {
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
         [](const A& a) {
           return Outputs{softplus(a.tensor("input"), a.real("beta"), a.real("threshold"))};
         }},
        {"unary/clamp",
         [](const A& a) {
           return Outputs{clamp(a.tensor("input"), optional_number(a, "min"), optional_number(a, "max"))};
         }},
        {"binary/add",
         [](const A& a) {
           return Outputs{a.is_tensor("other")
                              ? add(a.tensor("input"), a.tensor("other"), a.number("alpha"))
                              : add(a.tensor("input"), a.number("other"), a.number("alpha"))};
         }},
        {"binary/sub",
         [](const A& a) {
           return Outputs{a.is_tensor("other")
                              ? sub(a.tensor("input"), a.tensor("other"), a.number("alpha"))
                              : sub(a.tensor("input"), a.number("other"), a.number("alpha"))};
         }},
        {"binary/mul", with_number(mul, mul)},
        {"binary/pow",
         [](const A& a) {
           if (!a.is_tensor("input")) return Outputs{pow(a.number("input"), a.tensor("other"))};
           return Outputs{a.is_tensor("other") ? pow(a.tensor("input"), a.tensor("other"))
                                               : pow(a.tensor("input"), a.number("other"))};
         }},
        {"binary/atan2", binary(atan2)},
        {"binary/maximum", binary(maximum)},
        {"binary/minimum", binary(minimum)},
        {"binary/eq", with_number(eq, eq)},
        {"binary/ne", with_number(ne, ne)},
        {"binary/lt", with_number(lt, lt)},
        {"binary/le", with_number(le, le)},
        {"binary/gt", with_number(gt, gt)},
        {"binary/ge", with_number(ge, ge)},
        {"binary/logical_and", binary(logical_and)},
        {"binary/logical_or", binary(logical_or)},
        {"binary/logical_xor", binary(logical_xor)},
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
    rows.merge(program_rows());
    return rows;
  }();
  return all;
}

}  // namespace conformance

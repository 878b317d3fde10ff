#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

Rows binary_rows() {
  return {
      {"binary/add",
       [](const A& a) {
         return Outputs{a.is_tensor("other") ? add(a.tensor("input"), a.tensor("other"), a.number("alpha"))
                                             : add(a.tensor("input"), a.number("other"), a.number("alpha"))};
       }},
      {"binary/sub",
       [](const A& a) {
         return Outputs{a.is_tensor("other") ? sub(a.tensor("input"), a.tensor("other"), a.number("alpha"))
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
      {"binary/div",
       [](const A& a) {
         RoundingMode mode = RoundingMode::none;
         if (!a.is_null("rounding_mode")) {
           std::string text = a.text("rounding_mode");
           if (text != "trunc" && text != "floor") throw ValueError("div: unknown rounding_mode " + text);
           mode = text == "trunc" ? RoundingMode::trunc : RoundingMode::floor;
         }
         return Outputs{a.is_tensor("other") ? div(a.tensor("input"), a.tensor("other"), mode)
                                             : div(a.tensor("input"), a.number("other"), mode)};
       }},
      {"binary/floor_divide", with_number(floor_divide, floor_divide)},
      {"binary/fmod", with_number(fmod, fmod)},
      {"binary/remainder", with_number(remainder, remainder)},
      {"binary/float_power", with_number(float_power, float_power)},
      {"binary/fmax", binary(fmax)},
      {"binary/fmin", binary(fmin)},
      {"binary/hypot", binary(hypot)},
      {"binary/copysign", with_number(copysign, copysign)},
      {"binary/xlogy",
       [](const A& a) {
         if (!a.is_tensor("input")) return Outputs{xlogy(a.number("input"), a.tensor("other"))};
         return Outputs{a.is_tensor("other") ? xlogy(a.tensor("input"), a.tensor("other"))
                                             : xlogy(a.tensor("input"), a.number("other"))};
       }},
      {"binary/special.xlog1py", binary(special::xlog1py)},
      {"binary/logaddexp", binary(logaddexp)},
      {"binary/logaddexp2", binary(logaddexp2)},
      {"binary/ldexp", binary(ldexp)},
      {"binary/heaviside", binary(heaviside)},
      {"binary/isclose",
       [](const A& a) {
         return Outputs{isclose(a.tensor("input"), a.tensor("other"), a.real("rtol"), a.real("atol"),
                                a.flag("equal_nan"))};
       }},
      {"binary/allclose",
       [](const A& a) {
         return Outputs{tensor(allclose(a.tensor("input"), a.tensor("other"), a.real("rtol"), a.real("atol"),
                                        a.flag("equal_nan")))};
       }},
      {"binary/equal",
       [](const A& a) { return Outputs{tensor(equal(a.tensor("input"), a.tensor("other")))}; }},
      {"binary/bitwise_and", with_number(bitwise_and, bitwise_and)},
      {"binary/bitwise_or", with_number(bitwise_or, bitwise_or)},
      {"binary/bitwise_xor", with_number(bitwise_xor, bitwise_xor)},
      {"binary/bitwise_left_shift", with_number(bitwise_left_shift, bitwise_left_shift)},
      {"binary/bitwise_right_shift", with_number(bitwise_right_shift, bitwise_right_shift)},
      {"binary/gcd", binary(gcd)},
      {"binary/lcm", binary(lcm)},
      {"binary/lerp",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         return Outputs{a.is_tensor("weight") ? lerp(x, a.tensor("end"), a.tensor("weight"))
                                              : lerp(x, a.tensor("end"), a.number("weight"))};
       }},
      {"binary/where",
       [](const A& a) {
         const Tensor& condition = a.tensor("condition");
         if (!a.is_tensor("input") && !a.is_tensor("other"))
           return Outputs{where(condition, a.number("input"), a.number("other"))};
         if (!a.is_tensor("input")) return Outputs{where(condition, a.number("input"), a.tensor("other"))};
         return Outputs{a.is_tensor("other") ? where(condition, a.tensor("input"), a.tensor("other"))
                                             : where(condition, a.tensor("input"), a.number("other"))};
       }},
      {"binary/addcmul",
       [](const A& a) {
         return Outputs{
             addcmul(a.tensor("input"), a.tensor("tensor1"), a.tensor("tensor2"), a.number("value"))};
       }},
      {"binary/addcdiv",
       [](const A& a) {
         return Outputs{
             addcdiv(a.tensor("input"), a.tensor("tensor1"), a.tensor("tensor2"), a.number("value"))};
       }},
      {"binary/rsub",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         return Outputs{a.is_tensor("other") ? sub(a.tensor("other"), x, a.number("alpha"))
                                             : rsub(x, a.number("other"), a.number("alpha"))};
       }},
      {"binary/dist",
       [](const A& a) { return Outputs{dist(a.tensor("input"), a.tensor("other"), a.real("p"))}; }},
      {"binary/isin",
       [](const A& a) {
         return Outputs{isin(a.tensor("elements"), a.tensor("test_elements"), a.flag("invert"))};
       }},
  };
}

}  // namespace conformance

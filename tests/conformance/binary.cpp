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
  };
}

}  // namespace conformance

#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

Rows linalg_rows() {
  return {
      {"linalg/matmul", [](const A& a) { return Outputs{matmul(a.tensor("input"), a.tensor("other"))}; }},
      {"linalg/mm", [](const A& a) { return Outputs{mm(a.tensor("input"), a.tensor("mat2"))}; }},
      {"linalg/bmm", [](const A& a) { return Outputs{bmm(a.tensor("input"), a.tensor("mat2"))}; }},
      {"linalg/mv", [](const A& a) { return Outputs{mv(a.tensor("input"), a.tensor("vec"))}; }},
      {"linalg/dot", [](const A& a) { return Outputs{dot(a.tensor("input"), a.tensor("tensor"))}; }},
      {"linalg/inner", [](const A& a) { return Outputs{inner(a.tensor("input"), a.tensor("other"))}; }},
      {"linalg/outer", [](const A& a) { return Outputs{outer(a.tensor("input"), a.tensor("vec2"))}; }},
      {"linalg/kron", [](const A& a) { return Outputs{kron(a.tensor("input"), a.tensor("other"))}; }},
      {"linalg/trace", [](const A& a) { return Outputs{trace(a.tensor("input"))}; }},
      {"linalg/vecdot",
       [](const A& a) { return Outputs{linalg::vecdot(a.tensor("x"), a.tensor("y"), a.integer("dim"))}; }},
      {"linalg/cross",
       [](const A& a) {
         return Outputs{linalg::cross(a.tensor("input"), a.tensor("other"), a.integer("dim"))};
       }},
      {"linalg/tensordot",
       [](const A& a) {
         return Outputs{tensordot(a.tensor("a"), a.tensor("b"), a.ints("dims_a"), a.ints("dims_b"))};
       }},
      {"linalg/addmm",
       [](const A& a) {
         return Outputs{addmm(a.tensor("input"), a.tensor("mat1"), a.tensor("mat2"), a.number("beta"),
                              a.number("alpha"))};
       }},
      {"linalg/addmv",
       [](const A& a) {
         return Outputs{
             addmv(a.tensor("input"), a.tensor("mat"), a.tensor("vec"), a.number("beta"), a.number("alpha"))};
       }},
      {"linalg/addr",
       [](const A& a) {
         return Outputs{addr(a.tensor("input"), a.tensor("vec1"), a.tensor("vec2"), a.number("beta"),
                             a.number("alpha"))};
       }},
      {"linalg/baddbmm",
       [](const A& a) {
         return Outputs{baddbmm(a.tensor("input"), a.tensor("batch1"), a.tensor("batch2"), a.number("beta"),
                                a.number("alpha"))};
       }},
      {"linalg/addbmm",
       [](const A& a) {
         return Outputs{addbmm(a.tensor("input"), a.tensor("batch1"), a.tensor("batch2"), a.number("beta"),
                               a.number("alpha"))};
       }},
  };
}

}  // namespace conformance

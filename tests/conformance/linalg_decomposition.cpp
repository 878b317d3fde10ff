#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

/// call(A).
Call of_matrix(Tensor (*call)(const Tensor&)) {
  return [call](const Arguments& a) { return Outputs{call(a.tensor("A"))}; };
}
/// The files symmetrize what these decompose: their functions are of (A + A^T) / 2.
Tensor symmetric(const A& a) { return (a.tensor("A") + a.tensor("A").mT()) / 2; }
/// The triangle that the case names, which the files take first.
Tensor triangle(const A& a) { return a.flag("upper") ? triu(a.tensor("L")) : tril(a.tensor("L")); }

}  // namespace

Rows linalg_decomposition_rows() {
  return {
      {"linalg/inv", of_matrix(linalg::inv)},
      {"linalg/det", of_matrix(linalg::det)},
      {"linalg/logdet", of_matrix(logdet)},
      {"linalg/slogdet",
       [](const A& a) {
         auto [sign, logabsdet] = linalg::slogdet(a.tensor("A"));
         return Outputs{sign, logabsdet};
       }},
      {"linalg/solve",
       [](const A& a) { return Outputs{linalg::solve(a.tensor("A"), a.tensor("B"), a.flag("left"))}; }},
      {"linalg/solve_triangular",
       [](const A& a) {
         return Outputs{linalg::solve_triangular(a.tensor("A"), a.tensor("B"), a.flag("upper"),
                                                 a.flag("left"), a.flag("unitriangular"))};
       }},
      {"linalg/triangular_solve",
       [](const A& a) {
         return Outputs{triangular_solve(a.tensor("b"), a.tensor("A"), a.flag("upper"), a.flag("transpose"),
                                         a.flag("unitriangular"))
                            .solution};
       }},
      {"linalg/cholesky",
       [](const A& a) { return Outputs{linalg::cholesky(symmetric(a), a.flag("upper"))}; }},
      {"linalg/cholesky_solve",
       [](const A& a) { return Outputs{cholesky_solve(a.tensor("B"), triangle(a), a.flag("upper"))}; }},
      {"linalg/cholesky_inverse",
       [](const A& a) { return Outputs{cholesky_inverse(triangle(a), a.flag("upper"))}; }},
      // Signs of factors are free: the files hold absolute values.
      {"linalg/qr",
       [](const A& a) {
         auto [q, r] = linalg::qr(a.tensor("A"), a.text("mode"));
         return Outputs{abs(q), abs(r)};
       }},
      {"linalg/svd",
       [](const A& a) {
         auto [u, s, vh] = linalg::svd(a.tensor("A"), false);
         return Outputs{abs(u), s, abs(vh)};
       }},
      {"linalg/svdvals", of_matrix(linalg::svdvals)},
      {"linalg/eigh",
       [](const A& a) {
         auto [values, vectors] = linalg::eigh(symmetric(a));
         return Outputs{values, abs(vectors)};
       }},
      {"linalg/eigvalsh", [](const A& a) { return Outputs{linalg::eigvalsh(symmetric(a))}; }},
      {"linalg/lu",
       [](const A& a) {
         auto [p, l, u] = linalg::lu(a.tensor("A"));
         return Outputs{p, l, u};
       }},
      {"linalg/lu_solve",
       [](const A& a) {
         auto [lu, pivots] = linalg::lu_factor(a.tensor("A"));
         return Outputs{linalg::lu_solve(lu, pivots, a.tensor("B"))};
       }},
      {"linalg/householder_product",
       [](const A& a) { return Outputs{linalg::householder_product(a.tensor("A"), a.tensor("tau"))}; }},
      {"linalg/pinv",
       [](const A& a) {
         std::optional<double> rtol;
         if (!a.is_null("rtol")) rtol = a.real("rtol");
         return Outputs{linalg::pinv(a.tensor("A"), {.rtol = rtol})};
       }},
      {"linalg/lstsq",
       [](const A& a) { return Outputs{linalg::lstsq(a.tensor("A"), a.tensor("B")).solution}; }},
      {"linalg/matrix_rank", [](const A& a) { return Outputs{linalg::matrix_rank(a.tensor("A"))}; }},
      {"linalg/matrix_power",
       [](const A& a) { return Outputs{linalg::matrix_power(a.tensor("A"), a.integer("n"))}; }},
      {"linalg/matrix_exp", of_matrix(linalg::matrix_exp)},
      {"linalg/tensorinv",
       [](const A& a) { return Outputs{linalg::tensorinv(a.tensor("A"), a.integer("ind"))}; }},
      {"linalg/tensorsolve",
       [](const A& a) { return Outputs{linalg::tensorsolve(a.tensor("A"), a.tensor("B"))}; }},
  };
}

}  // namespace conformance

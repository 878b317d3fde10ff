#include <doctest/doctest.h>

#include "random_shapes.hpp"

namespace random_shapes {

std::vector<Row> matrix_rows() {
  return {
      {"matmul", letters({"bmk", "bkn"}, "bmn"), {real}, CALL(matmul(x[0], x[1]))},
      {"matmul", letters({"mk", "bkn"}, "mk"), {real}, CALL(matmul(x[0], x[1]))},
      {"matmul", letters({"k", "bkn"}, "bkn"), {real}, CALL(matmul(x[0], x[1]))},
      {"matmul", letters({"abmk", "k"}, "a"), {real}, CALL(matmul(x[0], x[1]))},
      {"matmul", letters({"1bnn", "a1nn"}, "a"), {real}, CALL(matmul(x[0], x[1]))},
      {"matmul", letters({"nn", "nn"}, "n"), {real}, CALL(matmul(x[0], x[1]))},
      {"dot", letters({"n", "n"}, "n"), {real}, CALL(dot(x[0], x[1]))},
      {"linear", letters({"abi", "oi", "o"}, "ai"), {real}, CALL(linear(x[0], x[1], x[2]))},
      {"linear", letters({"i", "oi"}, "oi"), {real}, CALL(linear(x[0], x[1]))},
      {"bilinear", letters({"ai", "aj", "oij", "o"}, "aio"), {real}, CALL(bilinear(x[0], x[1], x[2], x[3]))},
      {"mm", letters({"mk", "kn"}, "mk"), {real}, CALL(mm(x[0], x[1]))},
      {"bmm", letters({"bmk", "bkn"}, "bk"), {real}, CALL(bmm(x[0], x[1]))},
      {"bmm", letters({"bnn", "bnn"}, "b"), {real}, CALL(bmm(x[0], x[1]))},
      {"mv", letters({"mk", "k"}, "m"), {real}, CALL(mv(x[0], x[1]))},
      {"inner", letters({"abk", "ck"}, "ak"), {real}, CALL(inner(x[0], x[1]))},
      {"outer", letters({"m", "n"}, "m"), {real}, CALL(outer(x[0], x[1]))},
      {"tensordot", letters({"aij", "jib"}, "ai"), {real}, CALL(tensordot(x[0], x[1], {1, 2}, {1, 0}))},
      {"kron", same(2, 0, true, 2), {real}, CALL(kron(x[0], x[1]))},
      {"trace", same(1, 2, true, 2), {real}, CALL(square(trace(x[0])))},
      {"addmm", letters({"n", "mk", "kn"}, "mk"), {real}, CALL(addmm(x[0], x[1], x[2], 0.5, 2))},
      {"addmv", letters({"m", "mk", "k"}, "k"), {real}, CALL(addmv(x[0], x[1], x[2], 0.5, 2))},
      {"addr", letters({"mn", "m", "n"}, "m"), {real}, CALL(addr(x[0], x[1], x[2], 0.5, 2))},
      {"baddbmm", letters({"bmn", "bmk", "bkn"}, "bkm"), {real}, CALL(baddbmm(x[0], x[1], x[2], 0.5, 2))},
      {"addbmm", letters({"mn", "bmk", "bkn"}, "bk"), {real}, CALL(addbmm(x[0], x[1], x[2], 0.5, 2))},
      {"linalg::vecdot", letters({"abn", "bn"}, "a"), {real}, CALL(linalg::vecdot(x[0], x[1]))},
      {"linalg::vecdot", same(2, 1), {real}, CALL(linalg::vecdot(x[0], x[1], 0))},
      {"linalg::cross", letters({"a3", "a3"}, "a"), {real}, CALL(linalg::cross(x[0], x[1]))},
      {"cross", letters({"3a", "3a"}, "a"), {real}, CALL(cross(x[0], x[1]))},
      {"linalg::multi_dot", letters({"ab", "bc", "cd"}, "bd"), {real}, CALL(linalg::multi_dot(x))},
      {"einsum", letters({"aij", "jk"}, "aj"), {real}, CALL(einsum("bij,jk->bk", x))},
      {"einsum", letters({"aii", "ai"}, "a"), {real}, CALL(einsum("...ii,...i->i...", x))},
      {"einsum", letters({"nn", "nn"}), {real}, CALL(einsum("ij,ji->", x))},

      {"cdist", letters({"bpm", "brm"}, "b"), {real}, CALL(cdist(x[0], x[1])), false, false},
      {"cdist", letters({"pm", "brm"}, "b"), {real}, CALL(cdist(x[0], x[1], 3)), false, false},
      {"cdist", letters({"pm", "rm"}), {real}, CALL(cdist(x[0], x[1], INFINITY)), false, false},
      {"pdist", letters({"3m"}), {real}, CALL(pdist(x[0]))},
      {"pdist", letters({"3m"}), {real}, CALL(pdist(x[0], 3))},
      {"cov", letters({"a4"}), {real}, CALL(cov(x[0]))},
      {"cov", letters({"a4", "4"}), {real, positive}, CALL(cov(x[0], 0, places({4}, 3) + 1, x[1]))},
      {"corrcoef", letters({"34"}), {real}, CALL(corrcoef(x[0]))},

      {"det", batches({"nn"}), {real}, CALL(det(x[0]))},
      {"linalg::det", batches({"nn"}), {real}, CALL(linalg::det(x[0]))},
      {"linalg::slogdet", batches({"nn"}), {real}, CALL(linalg::slogdet(regular(x[0])).logabsdet)},
      {"slogdet", batches({"nn"}), {real}, CALL(slogdet(regular(x[0])).logabsdet)},
      {"logdet", batches({"nn"}), {real}, CALL(logdet(definite(x[0])))},
      {"linalg::inv", batches({"nn"}), {real}, CALL(linalg::inv(regular(x[0])))},
      {"inverse", batches({"nn"}), {real}, CALL(inverse(regular(x[0])))},
      {"linalg::solve", batches({"nn", "nk"}), {real}, CALL(linalg::solve(regular(x[0]), x[1]))},
      {"linalg::solve", batches({"nn", "kn"}), {real}, CALL(linalg::solve(regular(x[0]), x[1], false))},
      {"linalg::solve_triangular",
       batches({"nn", "nk"}),
       {real},
       CALL(linalg::solve_triangular(regular(x[0]), x[1], true))},
      {"linalg::solve_triangular",
       batches({"nn", "kn"}),
       {real},
       CALL(linalg::solve_triangular(regular(x[0]), x[1], false, false, true))},
      {"linalg::tensorinv",
       letters({"423"}),
       {real},
       CALL(linalg::tensorinv(
           cat({x[0].reshape({4, 6}), eye(6, 6, float64).narrow(0, 4, 2)}).reshape({6, 2, 3}) +
               eye(6, 6, float64).reshape({6, 2, 3}) * 5,
           1))},
      {"linalg::tensorsolve",
       letters({"44", "22"}),
       {real},
       CALL(linalg::tensorsolve(regular(x[0]).reshape({2, 2, 2, 2}), x[1]))},
      {"triangular_solve",
       batches({"nk", "nn"}),
       {real},
       CALL(triangular_solve(x[0], regular(x[1]), false, true).solution)},
      {"linalg::lu_factor", batches({"nn"}), {real}, CALL(linalg::lu_factor(regular(x[0])).LU)},
      {"linalg::lu", batches({"nk"}), {real}, CALL([](const linalg::Lu& f) {
         return joined(Tensors{f.L, f.U});
       }(linalg::lu(x[0])))},
      {"linalg::lu_solve", batches({"nn", "nk"}), {real}, CALL([&](const linalg::LuFactor& f) {
         return linalg::lu_solve(f.LU, f.pivots, x[1]);
       }(linalg::lu_factor(regular(x[0]))))},
      {"lu_unpack", batches({"nn"}), {real}, CALL([](const linalg::LuFactor& f) {
         return square(lu_unpack(f.LU, f.pivots).L);
       }(linalg::lu_factor(regular(x[0]))))},
      {"linalg::cholesky", batches({"nn"}), {real}, CALL(linalg::cholesky(definite(x[0])))},
      {"linalg::cholesky", batches({"nn"}), {real}, CALL(linalg::cholesky(definite(x[0]), true))},
      {"cholesky_solve", batches({"nk", "nn"}), {real}, CALL(cholesky_solve(x[0], tril(regular(x[1]))))},
      {"cholesky_inverse", batches({"nn"}), {real}, CALL(cholesky_inverse(triu(regular(x[0])), true))},
      {"linalg::qr", letters({"b42"}, "b"), {real}, CALL([](const linalg::Qr& f) {
         return joined(Tensors{f.Q, f.R});
       }(linalg::qr(x[0])))},
      {"linalg::svd", letters({"b32"}, "b"), {real}, CALL([](const linalg::Svd& f) {
         return joined(Tensors{square(f.U), f.S, square(f.Vh)});
       }(linalg::svd(x[0], false)))},
      {"linalg::svdvals", letters({"b32"}, "b"), {real}, CALL(linalg::svdvals(x[0]))},
      {"linalg::eigh", batches({"33"}), {real}, CALL([](const linalg::Eigh& f) {
         return joined(Tensors{f.eigenvalues, square(f.eigenvectors)});
       }(linalg::eigh(x[0] + x[0].mT())))},
      {"linalg::eigvalsh", batches({"33"}), {real}, CALL(linalg::eigvalsh(x[0] + x[0].mT(), "U"))},
      {"linalg::householder_product",
       letters({"b42", "b2"}, "b"),
       {real},
       CALL(linalg::householder_product(x[0], x[1]))},
      {"linalg::pinv", letters({"b32"}, "b"), {real}, CALL(linalg::pinv(x[0]))},
      {"linalg::lstsq", letters({"b42", "b4k"}, "b"), {real}, CALL(linalg::lstsq(x[0], x[1]).solution)},
      {"linalg::matrix_power", batches({"nn"}), {real}, CALL(linalg::matrix_power(x[0], 3))},
      {"matrix_power", batches({"nn"}), {real}, CALL(matrix_power(regular(x[0]), -2))},
      {"linalg::matrix_exp", batches({"nn"}), {unit}, CALL(linalg::matrix_exp(x[0]))},
      {"matrix_exp", batches({"nn"}), {unit}, CALL(matrix_exp(x[0]))},
      {"linalg::matrix_norm", batches({"mn"}), {real}, CALL(linalg::matrix_norm(x[0]))},
      {"linalg::matrix_norm", letters({"b32"}), {real}, CALL(linalg::matrix_norm(x[0], "nuc"))},
      {"linalg::matrix_norm", letters({"b32"}), {real}, CALL(linalg::matrix_norm(x[0], 1))},
      {"linalg::matrix_norm", letters({"b32"}), {real}, CALL(linalg::matrix_norm(x[0], -2, {1, 2}, true))},
      {"linalg::norm", filled(), {real}, CALL(linalg::norm(x[0]))},
      {"linalg::norm", filled(2, 2), {real}, CALL(linalg::norm(x[0], "fro"))},
      {"linalg::cond", letters({"b33"}), {real}, CALL(linalg::cond(regular(x[0])))},
      {"linalg::cond", letters({"b33"}), {real}, CALL(linalg::cond(regular(x[0]), 1.0))},
      {"attention_weights", letters({"blk", "bsk"}, "b"), {real}, CALL(attention_weights(x[0], x[1]))},
      {"scaled_dot_product_attention",
       letters({"blk", "bsk", "bsn"}, "b"),
       {real},
       CALL(scaled_dot_product_attention(x[0], x[1], x[2], {.is_causal = true}))},
      {"multi_head_attention_forward",
       letters({"lb4", "sb4", "44"}),
       {unit},
       CALL(multi_head_attention_forward(x[0], x[1], x[1], 2, cat({x[2], x[2] * 2, x[2].t()}), {}, x[2], {})
                .first)},
  };
}

TEST_CASE("random shapes: products and linear algebra") { check_rows(matrix_rows()); }

}  // namespace random_shapes

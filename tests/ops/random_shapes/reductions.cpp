#include <doctest/doctest.h>

#include "random_shapes.hpp"

namespace random_shapes {

std::vector<Row> reduction_rows() {
  return {
      {"sum", same(), {real}, CALL(sum(x[0]))},
      {"sum", same(), {real}, CALL(sum(x[0], Shape{-1}, true))},
      {"sum", same(1, 2), {real}, CALL(sum(x[0], Shape{0, -1}))},
      {"nansum", same(), {real}, CALL(nansum(x[0], Shape{-1}))},
      {"mean", filled(), {real}, CALL(mean(x[0]))},
      {"mean", filled(2), {real}, CALL(mean(x[0], Shape{1}, true))},
      {"nanmean", filled(), {real}, CALL(nanmean(x[0], Shape{0}))},
      {"var", letters({"ab4"}), {real}, CALL(var(x[0], Shape{-1}))},
      {"var", letters({"2a3b"}), {real}, CALL(var(x[0], Shape{0, 2}, 0.5, true))},
      {"std", letters({"4ab"}), {real}, CALL(xgrad::std(x[0], Shape{0}))},
      {"var_mean", letters({"a4"}), {real}, CALL(joined(var_mean(x[0], Shape{-1}, 0)))},
      {"std_mean", letters({"a4"}), {real}, CALL(joined(std_mean(x[0], Shape{-1})))},
      {"prod", same(1, 0, true, 2), {not_zero}, CALL(prod(x[0]))},
      {"prod", same(), {not_zero}, CALL(prod(x[0], -1, true))},
      {"amax", filled(), {real}, CALL(amax(x[0], Shape{-1}))},
      {"amin", filled(2), {real}, CALL(amin(x[0], Shape{0, 1}, true))},
      {"aminmax", filled(), {real}, CALL(joined(aminmax(x[0], 0)))},
      {"max", filled(), {real}, CALL(max(x[0]))},
      {"max", filled(), {real}, CALL(max(x[0], -1).first)},
      {"min", filled(), {real}, CALL(min(x[0]))},
      {"min", filled(), {real}, CALL(min(x[0], 0, true).first)},
      {"logsumexp", filled(), {real}, CALL(logsumexp(x[0], Shape{-1}))},
      {"logsumexp", filled(2), {real}, CALL(logsumexp(x[0], Shape{0, -1}, true))},

      {"cumsum", same(), {real}, CALL(cumsum(x[0], -1))},
      {"cumsum", same(1, 2), {real}, CALL(cumsum(x[0], 0))},
      {"cumprod", same(), {not_zero}, CALL(cumprod(x[0], -1))},
      {"cumprod",
       letters({"a3"}),
       {not_zero},
       CALL(slope([](const Tensor& t) { return cumprod(t, 1); }, x[0]))},
      {"logcumsumexp", same(), {real}, CALL(logcumsumexp(x[0], -1))},
      {"cummax", same(), {real}, CALL(cummax(x[0], -1).first)},
      {"cummin", same(), {real}, CALL(cummin(x[0], 0).first)},
      {"diff", same(1, 1), {real}, CALL(diff(x[0]))},
      {"diff", letters({"4a", "1a", "2a"}, "a"), {real}, CALL(diff(x[0], 2, 0, x[1], x[2]))},
      {"trapezoid", same(1, 1), {real}, CALL(trapezoid(x[0], 0.5))},
      {"trapezoid", same(2, 1), {real}, CALL(trapezoid(x[0], x[1]))},
      {"cumulative_trapezoid", same(1, 1), {real}, CALL(cumulative_trapezoid(x[0], 0.5, 0))},
      {"cumulative_trapezoid", same(2, 1), {real}, CALL(cumulative_trapezoid(x[0], x[1]))},

      {"median", filled(), {real}, CALL(median(x[0]))},
      {"median", filled(), {real}, CALL(median(x[0], -1).first)},
      {"nanmedian", filled(), {real}, CALL(nanmedian(x[0]))},
      {"nanmedian", filled(), {real}, CALL(nanmedian(x[0], 0, true).first)},
      {"kthvalue", letters({"a3b"}), {real}, CALL(kthvalue(x[0], 2, 1).first)},
      {"mode", filled(), {real}, CALL(mode(x[0], -1).first)},
      {"quantile", filled(), {real}, CALL(quantile(x[0], 0.3))},
      {"quantile", letters({"a3", "q"}), {real, probability}, CALL(quantile(x[0], x[1], 1))},
      {"nanquantile", filled(), {real}, CALL(nanquantile(x[0], 0.6, -1, true))},
      {"sort", same(), {real}, CALL(sort(x[0], -1).first)},
      {"sort", same(1, 2), {real}, CALL(sort(x[0], 0, true).first)},
      {"msort", same(), {real}, CALL(msort(x[0]))},
      {"topk", letters({"a3b"}, "a"), {real}, CALL(topk(x[0], 2, 1).first)},

      {"norm", filled(), {real}, CALL(norm(x[0]))},
      {"norm", filled(2), {real}, CALL(norm(x[0], 3, Shape{0, 1}, true))},
      {"norm", filled(2, 2), {real}, CALL(norm(x[0], "fro"))},
      {"linalg::vector_norm", filled(), {real}, CALL(linalg::vector_norm(x[0]))},
      {"linalg::vector_norm", filled(), {not_zero}, CALL(linalg::vector_norm(x[0], -1.5, Shape{-1}))},
      {"linalg::vector_norm", filled(), {real}, CALL(linalg::vector_norm(x[0], INFINITY, Shape{-1}))},
      {"renorm", filled(2), {not_zero}, CALL(renorm(x[0], 2, 0, 0.8))},
      {"cosine_similarity",
       letters({"ab", "ab"}, "a"),
       {not_zero},
       CALL(cosine_similarity(x[0], x[1])),
       false,
       false},
      {"cosine_similarity", letters({"a3b", "3b"}), {not_zero}, CALL(cosine_similarity(x[0], x[1], -2))},
      {"pairwise_distance", letters({"a3", "3"}), {not_zero}, CALL(pairwise_distance(x[0], x[1]))},
      {"normalize", filled(1), {not_zero}, CALL(normalize(x[0], 2, -1))},
      {"normalize", filled(1), {not_zero}, CALL(normalize(x[0], 3, 0))},
  };
}

TEST_CASE("random shapes: reductions, scans and orders") { check_rows(reduction_rows()); }

}  // namespace random_shapes

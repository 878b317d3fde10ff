#include <doctest/doctest.h>

#include <limits>
#include <utility>
#include <vector>

#include "check.hpp"

using namespace xgrad;
using check::numbers;

namespace {

using Function = std::function<Tensor(const Tensor&)>;
using Points = std::vector<std::pair<double, double>>;

/// A function, its values at some points to 17 digits (computed with mpmath), and where its gradients are
/// compared with differences.
struct Row {
  const char* name;
  Function call;
  Points points;
  double low;
  double high;
  std::vector<double> kinks = {};
};

void check_row(const Row& row) {
  CAPTURE(row.name);
  for (auto [x, y] : row.points) {
    CAPTURE(x);
    double got = row.call(tensor(x, float64)).item();
    CHECK(std::abs(got - y) <= 1e-14 * std::abs(y));
    auto single = static_cast<float>(x);
    double near = row.call(tensor(static_cast<double>(single), float64)).item();
    double got_single = row.call(tensor(x, float32)).item();
    if (std::abs(near) > 1e-37 && std::abs(near) < 3e38)
      CHECK(std::abs(got_single - near) <= 1e-7 * std::abs(near));
  }
  check::check_operation({.name = row.name,
                          .call = [&](const std::vector<Tensor>& in) { return row.call(in[0]); },
                          .example = {zeros({0}, float64)},
                          .expected = zeros({0}, float64),
                          .shapes = {{{3, 4}}, {{}}, {{0}}, {{2, 0, 3}}, {{2, 3, 2}}, {{19}}},
                          .low = row.low,
                          .high = row.high,
                          .kinks = row.kinks});
}

Function polygamma_of(std::int64_t n) {
  return [n](const Tensor& x) { return polygamma(n, x); };
}

double value(Tensor (*f)(const Tensor&), double x) { return f(tensor(x, float64)).item(); }

}  // namespace

TEST_CASE("the gamma function's family is exact to the last digits") {
  const Row rows[] = {
      {"lgamma",
       xgrad::lgamma,
       {{1e-5, 11.512919692895826},
        {0.5, 0.57236494292470009},
        {3.7, 1.4280723266653879},
        {1e5, 1051287.7089736569},
        {-0.5, 1.2655121234846454},
        {-2.3, 0.36956666345500745}},
       0.2,
       5},
      {"digamma",
       digamma,
       {{1e-3, -1000.5755719318103},
        {0.5, -1.9635100260214235},
        {7.25, 1.910453526883736},
        {1e6, 13.815510057964191},
        {-2.3, 3.3173231575618201},
        {1.46142578125, -0.00019971130050399637}},
       0.5,
       5},
      {"digamma of negative numbers", digamma, {}, -1.7, -1.3},
      {"polygamma 1",
       polygamma_of(1),
       {{0.01, 10001.621213528313},
        {2.5, 0.49035775610023486},
        {-0.7, 14.286180872638343},
        {-100.25, 19.729283325349363}},
       0.5,
       4},
      {"polygamma 4",
       polygamma_of(4),
       {{0.3, -9883.4685554969878}, {12, -0.00034091005070108939}, {-3.6, -2037.418791402165}},
       1,
       4},
      {"mvlgamma", [](const Tensor& x) { return mvlgamma(x, 3); }, {}, 1.5, 5},
  };
  for (const Row& row : rows) check_row(row);
  CHECK(polygamma(150, numbers({1100})).item() / -2.5187097035168164e-196 ==
        doctest::Approx(1).epsilon(1e-12));
  Tensor x = numbers({2.5, 4});
  Tensor sums = xgrad::lgamma(x) + xgrad::lgamma(x - 0.5) + 0.5 * std::log(std::acos(-1.0));
  CHECK(check::agree(mvlgamma(x, 2), sums, 1e-15));
}

TEST_CASE("the gamma function's family at its poles and ends") {
  const double inf = INFINITY;
  CHECK(check::agree(xgrad::lgamma(numbers({0, -1, inf, -inf, NAN})), numbers({inf, inf, inf, inf, NAN}), 0));
  CHECK(check::agree(digamma(numbers({0, -0.0, -3, inf, -inf, NAN})),
                     numbers({-inf, inf, NAN, inf, NAN, NAN}), 0));
  CHECK(check::agree(polygamma(1, numbers({0, -2, inf, NAN})), numbers({inf, inf, 0, NAN}), 0));
  CHECK(check::agree(polygamma(2, numbers({0, -1e300, 1e300})), numbers({-inf, -inf, 0}), 0));
  CHECK(std::isfinite(polygamma(3, numbers({-123456789.5})).item()));
  CHECK(polygamma(1000000, numbers({0.5})).item() == -inf);
  CHECK_THROWS_AS(polygamma(std::numeric_limits<std::int64_t>::max(), numbers({3})), ValueError);
  CHECK(equal(special::psi(numbers({3})), digamma(numbers({3}))));
  CHECK_THROWS_AS(polygamma(-1, numbers({1})), ValueError);
  CHECK_THROWS_AS(mvlgamma(numbers({1}), 0), ValueError);
  CHECK_THROWS_AS(mvlgamma(numbers({1}), std::numeric_limits<std::int64_t>::max()), ValueError);
}

TEST_CASE("the normal distribution's family is exact to the last digits, in both tails") {
  const Row rows[] = {
      {"erfinv",
       erfinv,
       {{1e-9, 8.8622692545275801e-10},
        {0.3, 0.27246271472675436},
        {-0.95, -1.3859038243496779},
        {1 - 0x1p-23, 3.7439211627767996}},
       -0.9,
       0.9},
      {"erfcx",
       special::erfcx,
       {{-3, 16205.988853999587},
        {0.1, 0.89645697996912664},
        {9.9, 0.05670245693883227},
        {10.1, 0.055590487009239874},
        {1e5, 5.6418958351954681e-6}},
       -1,
       3},
      {"ndtr",
       special::ndtr,
       {{-37, 5.7255712225245768e-300},
        {-5, 2.8665157187919391e-7},
        {-0.3, 0.38208857781104736},
        {2, 0.97724986805182079}},
       -2,
       2},
      {"ndtri",
       special::ndtri,
       {{0.001, -3.0902323061678135}, {0.3, -0.52440051270804078}, {0.9, 1.2815515655446005}},
       0.1,
       0.9},
      {"log_ndtr",
       special::log_ndtr,
       {{-50, -1254.8313611394199}, {-1, -1.8410216450092635}, {0.5, -0.36894641528865639}},
       -3,
       3},
      {"entr", special::entr, {{2, -2 * 0.69314718055994531}, {0.5, 0.34657359027997265}}, 0.2, 3},
      {"logit", [](const Tensor& x) { return logit(x); }, {{0.2, -1.3862943611198906}}, 0.1, 0.9},
      {"logit with eps",
       [](const Tensor& x) { return logit(x, 0.2); },
       {{0.75, 1.0986122886681098}, {0.1, -1.3862943611198906}},
       0.05,
       0.95,
       {0.2, 0.8}},
  };
  for (const Row& row : rows) check_row(row);
  CHECK(value(special::log_ndtr, 12) == doctest::Approx(-1.7764821120776e-33).epsilon(1e-12));
}

TEST_CASE("the normal distribution's family at its ends") {
  const double inf = INFINITY;
  CHECK(check::agree(erfinv(numbers({1, -1, 1.5, NAN})), numbers({inf, -inf, NAN, NAN}), 0));
  CHECK(check::agree(special::ndtri(numbers({0, 1, -0.1, 1.1})), numbers({-inf, inf, NAN, NAN}), 0));
  CHECK(check::agree(special::ndtr(numbers({-inf, inf, NAN})), numbers({0, 1, NAN}), 0));
  CHECK(check::agree(special::log_ndtr(numbers({-inf, inf, NAN})), numbers({-inf, 0, NAN}), 0));
  CHECK(check::agree(special::erfcx(numbers({-inf, inf, NAN, -30})), numbers({inf, 0, NAN, inf}), 0));
  CHECK(check::agree(special::entr(numbers({0, -1, inf, NAN})), numbers({0, -inf, -inf, NAN}), 0));
  CHECK(check::agree(logit(numbers({0, 1, -0.1, 1.1})), numbers({-inf, inf, NAN, NAN}), 0));
  Tensor x = numbers({0, 1, 2, 0.5}).requires_grad_();
  sum(logit(x)).backward();
  CHECK(check::agree(x.grad(), numbers({inf, inf, NAN, 4}), 0));
  CHECK(logit(tensor({2.0}, float32), 1e-6).item() == doctest::Approx(13.81551).epsilon(1e-6));
  CHECK(erfinv(tensor({0, 1}, int64)).dtype() == float32);
}

TEST_CASE("Bessel functions and sinc are exact to the last digits, with gradients at 0") {
  const Row rows[] = {
      {"i0",
       i0,
       {{0.1, 1.0025015629340956},
        {-5, 27.239871823604447},
        {19.9, 39513376.520066878},
        {20.1, 48017874.107136437}},
       -3,
       3},
      {"i1",
       special::i1,
       {{0.1, 0.050062526047092692},
        {-5, -24.335642142450527},
        {19.9, 38507423.874862336},
        {50, 2.9030785901035568e+20}},
       -3,
       3},
      {"i0e",
       special::i0e,
       {{-3, 0.2430003541618254}, {25, 0.080196773547436708}, {1e6, 0.00039894233026924578}},
       -3,
       3,
       {0}},
      {"i1e",
       special::i1e,
       {{-3, -0.19682671329730085}, {25, 0.078576113319292772}, {1e6, 0.00039894213079803078}},
       -3,
       3,
       {0}},
      {"sinc",
       sinc,
       {{1e-5, 0.99999999983550659}, {0.3, 0.85839369133413978}, {-2.75, 0.081846937832464188}},
       -2,
       2},
  };
  for (const Row& row : rows) check_row(row);
  CHECK(value(i0, 712) == doctest::Approx(2.4684110577627524e+307).epsilon(1e-12));
  CHECK(value(i0, -INFINITY) == INFINITY);
  CHECK(value(special::i1, -INFINITY) == -INFINITY);
  CHECK(value(special::i0e, INFINITY) == 0);
  CHECK(value(sinc, 0) == 1);
  CHECK(std::isnan(value(sinc, INFINITY)));
  CHECK(std::isnan(value(sinc, NAN)));
  Tensor zero = numbers({0}).requires_grad_();
  for (auto f : {sinc, i0, special::i1}) {
    CHECK(gradcheck([&](const Tensor& x) { return f(x); }, {zero}, {.allow_zero = true}));
    CHECK(gradgradcheck([&](const Tensor& x) { return f(x); }, {zero}, {.allow_zero = true}));
  }
}

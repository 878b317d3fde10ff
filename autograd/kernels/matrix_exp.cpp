#include <xgrad/autograd/kernels/matrix_exp.hpp>

#include <array>
#include <utility>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/gemm.hpp>
#include <xgrad/autograd/kernels/lapack.hpp>

namespace xgrad::kernels {
namespace {

using std::int64_t;
using Numbers = std::vector<double>;

/// The largest 1-norms for which the approximants of degree 3, 5, 7 and 13 are exact to double precision, and
/// their coefficients. Source: Higham, "The scaling and squaring method for the matrix exponential
/// revisited", 2005, tables 2.3 and (2.3).
struct Approximant {
  double largest_norm;
  std::array<double, 14> coefficients;
};
constexpr std::array<Approximant, 4> approximants = {{
    {1.495585217958292e-2, {120, 60, 12, 1}},
    {2.539398330063230e-1, {30240, 15120, 3360, 420, 30, 1}},
    {9.504178996162932e-1, {17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1}},
    {5.371920351148152,
     {64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
      10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1}},
}};

/// Square matrices of one size in row-major memory.
class Exponential {
 public:
  explicit Exponential(int64_t n) : n_(n), count_(static_cast<std::size_t>(n * n)) {}

  Numbers operator()(Numbers a) const {
    double norm = row_norm(a);
    if (!std::isfinite(norm)) return Numbers(count_, std::numeric_limits<double>::quiet_NaN());
    int squarings = 0;
    if (norm > approximants.back().largest_norm) {
      squarings = std::max(0, std::ilogb(norm / approximants.back().largest_norm) + 1);
      for (double& value : a) value = std::ldexp(value, -squarings);
      norm = std::ldexp(norm, -squarings);
    }
    std::size_t which = 0;
    while (which + 1 < approximants.size() && norm > approximants[which].largest_norm) ++which;
    Numbers result = quotient(a, approximants[which].coefficients, which + 1 == approximants.size());
    for (int i = 0; i < squarings; ++i) result = product(result, result);
    return result;
  }

 private:
  /// The 1-norm of the transpose, which has the same exponential.
  double row_norm(const Numbers& a) const {
    double largest = 0;
    for (int64_t i = 0; i < n_; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < n_; ++j) sum += std::abs(a[static_cast<std::size_t>(i * n_ + j)]);
      if (!(sum <= largest)) largest = sum;  // nan stays
    }
    return largest;
  }

  Numbers product(const Numbers& a, const Numbers& b) const {
    Numbers result(count_);
    multiply(Matrix<double>::dense(a.data(), n_, n_), Matrix<double>::dense(b.data(), n_, n_),
             Result<double>{result.data(), n_});
    return result;
  }

  /// constant * I + the sum of factors[i] * powers[i]
  Numbers combination(double constant, std::initializer_list<std::pair<double, const Numbers*>> terms) const {
    Numbers result(count_, 0.0);
    for (auto [factor, power] : terms) {
      for (std::size_t i = 0; i < count_; ++i) result[i] += factor * (*power)[i];
    }
    for (std::size_t i = 0; i < count_; i += static_cast<std::size_t>(n_) + 1) result[i] += constant;
    return result;
  }

  /// (V - U)^-1 (V + U): U are the odd terms of the numerator, V the even ones.
  Numbers quotient(const Numbers& a, const std::array<double, 14>& b, bool highest) const {
    Numbers a2 = product(a, a), a4 = product(a2, a2), a6 = product(a4, a2);
    Numbers odd = combination(b[1], {{b[3], &a2}, {b[5], &a4}, {b[7], &a6}});
    Numbers even = combination(b[0], {{b[2], &a2}, {b[4], &a4}, {b[6], &a6}});
    if (highest) {
      Numbers odd_rest = product(a6, combination(0, {{b[9], &a2}, {b[11], &a4}, {b[13], &a6}}));
      Numbers even_rest = product(a6, combination(0, {{b[8], &a2}, {b[10], &a4}, {b[12], &a6}}));
      for (std::size_t i = 0; i < count_; ++i) {
        odd[i] += odd_rest[i];
        even[i] += even_rest[i];
      }
    }
    odd = product(a, odd);
    Numbers denominator(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      denominator[i] = even[i] - odd[i];
      even[i] += odd[i];
    }
    // Row-major memory is for LAPACK the transpose; U and V commute, so the order of the quotient is free:
    // X (V - U) = V + U.
    int n = lapack::size(n_), info = 0;
    std::vector<int> pivots(static_cast<std::size_t>(n_));
    lapack::getrf<double>(&n, &n, denominator.data(), &n, pivots.data(), &info);
    lapack::getrs<double>("N", &n, &n, denominator.data(), &n, pivots.data(), even.data(), &n, &info,
                          std::size_t{1});
    return even;
  }

  int64_t n_;
  std::size_t count_;
};

}  // namespace

Array matrix_exp(const Array& a) {
  Array source = contiguous(cast(a, float64));
  Array result(a.shape(), float64);
  int64_t n = a.shape().back(), size = n * n;
  double work = 20 * static_cast<double>(n) * static_cast<double>(size);
  Exponential exponential(n);
  lapack::for_each_matrix(n == 0 ? 0 : lapack::batch_shape(a).elements(), work, [&](int64_t i) {
    const double* matrix = source.data<double>() + i * size;
    Numbers numbers = exponential(Numbers(matrix, matrix + size));
    std::copy(numbers.begin(), numbers.end(), result.data<double>() + i * size);
  });
  return cast(result, a.dtype());
}

}  // namespace xgrad::kernels

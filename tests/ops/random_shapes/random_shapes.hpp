#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

/// Every differentiable operation, its first and second derivatives checked against differences at shapes
/// drawn at random: a table, one row a call.
namespace random_shapes {

using namespace xgrad;
using Tensors = std::vector<Tensor>;
using Shapes = std::vector<Shape>;

/// The same numbers in every run and on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// Whole, low <= number <= high.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(int one_in) { return between(1, one_in) == 1; }
  std::uint64_t seed() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

/// The numbers that an input is drawn from: [low, high], or with `both_signs` also their negatives.
struct Range {
  double low = -2;
  double high = 2;
  bool both_signs = false;
};
inline constexpr Range real{-2, 2};
inline constexpr Range unit{-0.9, 0.9};
inline constexpr Range positive{0.3, 3};
inline constexpr Range probability{0.05, 0.95};
inline constexpr Range not_zero{0.4, 2, true};
inline constexpr Range above_one{1.1, 3};

using Relation = std::function<Shapes(Random&)>;

struct Row {
  std::string name;  ///< as declared, after xgrad::
  Relation shapes;
  std::vector<Range> ranges;  ///< of each input; the last is that of all further ones
  Tensor (*call)(const Tensors& x);
  bool constant = false;  ///< all gradients are 0
  bool alias = true;      ///< may be given one tensor as several inputs
};

/// The call of a row: an expression in the inputs x[0], x[1], ...
#define CALL(...) [](const Tensors& x) -> Tensor { return __VA_ARGS__; }

// How the shapes of the inputs hang together. ---------------------------------------------------------------

/// `count` tensors of one shape of `least` to `most` dimensions; sizes 1 to 4, 0 where `empty`.
Relation same(std::size_t count = 1, std::int64_t least = 0, bool empty = true, std::int64_t most = 4);
/// One tensor of at least so many dimensions, none of them of size 0.
inline Relation filled(std::int64_t least = 0, std::int64_t most = 4) { return same(1, least, false, most); }
/// Tensors of shapes that broadcast together.
Relation broadcast(std::size_t count);
/// Sizes given by letters, one word a tensor: {"bmk", "bkn"}. A letter has one size in all of them; letters
/// of `batch` may be 0, the others not. Digits stand for themselves.
Relation letters(std::vector<std::string> words, const std::string& may_be_empty = "");
/// Matrices [..., rows, columns] after up to two batch dimensions that all share; the words have two letters
/// (or one: vectors), as above.
Relation batches(std::vector<std::string> words);

// What rows are made of. ------------------------------------------------------------------------------------

/// Whole numbers in [0, bound), scattered.
Tensor places(const Shape& shape, std::int64_t bound);
/// true and false, scattered.
Tensor mask(const Shape& shape);
/// Several results as one vector.
Tensor joined(const Tensors& results);
Tensor joined(const std::pair<Tensor, Tensor>& results);
/// x x^T + 2, symmetric and positive definite, for square x [..., n, n].
Tensor definite(const Tensor& x);
/// Square matrices far from singular: x + 4.
Tensor regular(const Tensor& x);

/// The gradient of sum(f(x)^2), itself a function of x: checked, it shows derivatives of the third order.
Tensor slope(Tensor (*f)(const Tensor&), const Tensor& x);

/// Checks each row at several drawn shapes, and reports what fails through doctest.
void check_rows(const std::vector<Row>& rows);

// The table, by family.
std::vector<Row> elementwise_rows();
std::vector<Row> activation_rows();
std::vector<Row> reduction_rows();
std::vector<Row> shape_rows();
std::vector<Row> indexing_rows();
std::vector<Row> matrix_rows();
std::vector<Row> window_rows();
std::vector<Row> loss_rows();

}  // namespace random_shapes

#pragma once

#include <cstdint>
#include <optional>

#include <xgrad/nn/module.hpp>

/// How a transformer is told where in a sequence something stands.
namespace xgrad::nn {

/// [length, features]: the sines (even columns 2i) and cosines (odd columns 2i + 1) of place / base^(2i /
/// features), for the places first, first + 1, .... Throws ShapeError for a negative length or features that
/// are not positive, ValueError unless base > 0. Source: Vaswani et al., "Attention is all you need", 2017.
XGRAD_API Tensor sinusoidal_positions(std::int64_t length, std::int64_t features,
                                      std::optional<DType> dtype = std::nullopt, double base = 10000,
                                      std::int64_t first = 0);

/// Each pair of features of x [..., L, E] at place p turned by the angle (p + first) / base^(2i / E):
/// products of two vectors so turned depend on the distance of their places alone. Pair i is (i, i + E / 2),
/// or with `interleaved` (2i, 2i + 1). Throws ShapeError unless x has two dimensions and E is even,
/// DTypeError unless it is floating, ValueError unless base > 0. Source: Su et al., "RoFormer", 2021.
XGRAD_API Tensor rotate_positions(const Tensor& x, bool interleaved = false, double base = 10000,
                                  std::int64_t first = 0);

struct SinusoidalPositionsOptions {
  bool batch_first = false;  ///< the input is [N, L, E], not [L, N, E]
  double base = 10000;
  std::int64_t max_length = 1024;  ///< places that are computed beforehand; longer inputs take longer
};

/// x + sinusoidal_positions, for x [L, N, E], with batch_first [N, L, E], or [L, E]. Nothing is trained or
/// saved.
class XGRAD_API SinusoidalPositions : public Module {
 public:
  /// Throws ValueError unless features is positive, base > 0 and max_length at least 0.
  explicit SinusoidalPositions(std::int64_t features, SinusoidalPositionsOptions options = {});
  /// Throws ShapeError for another number of features.
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t features_;
  SinusoidalPositionsOptions options_;
  Tensor table_;  ///< [max_length, features], in the default dtype
};

struct RotaryPositionsOptions {
  bool interleaved = false;
  double base = 10000;
  std::int64_t max_length = 1024;  ///< places that are computed beforehand; longer inputs take longer
};

/// rotate_positions of queries and keys [..., L, features]. Nothing is trained or saved.
class XGRAD_API RotaryPositions : public Module {
 public:
  /// Throws ValueError unless features is positive and even, base > 0 and max_length at least 0.
  explicit RotaryPositions(std::int64_t features, RotaryPositionsOptions options = {});
  /// Throws ShapeError for another number of features.
  Tensor forward(const Tensor& input) override;
  /// The input's first place is number `first`.
  Tensor forward(const Tensor& input, std::int64_t first);
  using Module::operator();
  Tensor operator()(const Tensor& input, std::int64_t first) { return forward(input, first); }
  std::string describe() const override;

 private:
  std::int64_t features_;
  RotaryPositionsOptions options_;
  Tensor cosines_, sines_;  ///< [max_length, features / 2], in the default dtype
};

}  // namespace xgrad::nn

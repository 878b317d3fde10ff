#pragma once

#include <cstdint>
#include <vector>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/export.hpp>

/// Linear maps along one dimension: what all separable resampling is made of.
namespace xgrad::kernels {

/// A sparse matrix by rows: element i of the result is the sum of weights[k] * source[places[k]] for k from
/// starts[i] to before starts[i + 1].
struct Taps {
  std::int64_t sources = 0;  ///< the size of the dimension that is read
  std::vector<std::int64_t> starts = {0};
  std::vector<std::int64_t> places;
  std::vector<double> weights;

  std::int64_t results() const { return static_cast<std::int64_t>(starts.size()) - 1; }
  /// Adds a term to the element that is being described; a weight of 0 adds none.
  void add(std::int64_t place, double weight) {
    if (weight == 0) return;
    places.push_back(place);
    weights.push_back(weight);
  }
  /// The element is complete, the next one follows.
  void next() { starts.push_back(static_cast<std::int64_t>(places.size())); }
  /// The transposed matrix.
  XGRAD_API Taps transposed() const;
};

/// The map applied along `dim` of a floating array.
XGRAD_API Array resample(const Array& source, std::size_t dim, const Taps& taps);

}  // namespace xgrad::kernels

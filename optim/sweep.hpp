#pragma once

#include <array>
#include <utility>
#include <vector>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/kernels/sweep.hpp>
#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

/// One pass over the parameters of a group, for the sources of optimizers. An `update` reads
///
///     Sweep& sweep = start_sweep(group, 1);
///     sweep.prepare([&](Slot& slot, auto& numbers) { numbers[0] = slot.fresh ? 1 : 0.9; });
///     sweep.run<3>([=](auto& numbers, auto& p, auto& g, auto& buffer) { buffer = ...; p = ...; });
class Optimizer::Sweep {
 public:
  /// Makes room for the next group.
  void clear();
  /// Adds a parameter with its gradient and its first `states` state tensors.
  void add(Slot& slot, std::size_t states);
  /// Puts back what stood in other memory, and raises the versions of the parameters.
  void finish();

  /// prepare(slot, numbers) for every parameter: up to three numbers that may differ between parameters.
  template <class Prepare>
  void prepare(const Prepare& prepare) {
    for (Part& part : parts_) {
      for (std::size_t i = 0; i < part.slots.size(); ++i) prepare(*part.slots[i], part.segments[i].numbers);
    }
  }
  /// formula(numbers, parameter, gradient, states...) for all elements, in Lanes; it assigns to its
  /// arguments.
  template <std::size_t Arrays, class Formula>
  void run(const Formula& formula) {
    if (!parts_[0].segments.empty()) kernels::sweep<float, Arrays>(parts_[0].segments, formula);
    if (!parts_[1].segments.empty()) kernels::sweep<double, Arrays>(parts_[1].segments, formula);
  }

 private:
  struct Part {
    std::vector<kernels::Segment> segments;
    std::vector<Slot*> slots;
  };
  std::array<Part, 2> parts_;                           ///< float32, float64
  std::vector<std::pair<Array, Tensor>> replacements_;  ///< row-major copies of parameters that are not
  std::vector<Array> gradients_;                        ///< row-major copies of gradients that are not
};

}  // namespace xgrad::optim

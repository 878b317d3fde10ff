#pragma once

#include <xgrad/autograd/graph/record.hpp>

namespace xgrad {
namespace detail {

/// A node of one input and several results. What it saves is the numbers of its results.
template <std::size_t N, class Closure>
class SeveralNode final : public Node {
 public:
  SeveralNode(const char* name, const Tensor& input, const std::array<Tensor, N>& results, Closure&& closure)
      : Node(name, N), closure_(std::move(closure)) {
    set_edges(&edge_, 1);
    connect(0, input);
    for (std::size_t i = 0; i < N; ++i) saved_[i] = SavedResult(results[i]);
  }

 private:
  void backward(Backward& context) override {
    if (!context.wants(0)) return;
    std::array<Tensor, N> gradients;
    std::array<Tensor, N> results;
    for (std::uint32_t i = 0; i < N; ++i) {
      gradients[i] = std::move(context.gradient(i));
      results[i] = saved_[i].get(*this);
      if (is_grad_enabled()) results[i].impl().output_index = i;
    }
    context.send(0, closure_(gradients, results));
  }
  Tensor& gradient_buffer(std::uint32_t index) noexcept override { return buffers_[index]; }
  void release_saved() noexcept override {
    for (SavedResult& saved : saved_) saved.release();
  }

  Edge edge_;
  std::array<SavedResult, N> saved_;
  std::array<Tensor, N> buffers_;
  [[no_unique_address]] Closure closure_;
};

}  // namespace detail

/// The results of an operation with one input and N floating results, recorded when gradients are on and the
/// input requires one. `closure(g, y)` returns the input's gradient from arrays of N tensors: the gradients
/// of the results, undefined for those that nothing depends on, and the results.
template <std::size_t N, class Closure>
std::array<Tensor, N> record_several(const char* name, std::array<Array, N> numbers, const Tensor& input,
                                     Closure closure) {
  std::array<Tensor, N> results;
  for (std::size_t i = 0; i < N; ++i) results[i] = Tensor(std::move(numbers[i]));
  if (must_record(input)) {
    auto node = make_node<detail::SeveralNode<N, Closure>>(name, input, results, std::move(closure));
    for (std::uint32_t i = 0; i < N; ++i) attach(results[i], node, i);
  }
  return results;
}

}  // namespace xgrad

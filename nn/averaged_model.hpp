#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <utility>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/nn/clone.hpp>
#include <xgrad/nn/module.hpp>

namespace xgrad::nn {

/// The new average, from the average so far, the model's numbers, and how many models are in it.
using AverageFunction =
    std::function<Tensor(const Tensor& average, const Tensor& current, std::int64_t averaged)>;

/// Every model counts alike: average + (current - average) / (averaged + 1). Izmailov, Podoprikhin, Garipov,
/// Vetrov and Wilson, "Averaging weights leads to wider optima and better generalization" (2018).
XGRAD_API AverageFunction stochastic_weight_average();
/// Older models count less and less: decay * average + (1 - decay) * current. Throws ValueError for a decay
/// outside [0, 1].
XGRAD_API AverageFunction exponential_moving_average(double decay = 0.999);

struct AveragedModelOptions {
  AverageFunction avg_fn = stochastic_weight_average();
  bool use_buffers = false;  ///< averages buffers, too, instead of copying them from the model
};

namespace detail {
/// Puts the numbers of `model` into the average. Throws ValueError when their members do not match; then
/// nothing was changed.
XGRAD_API void update_average(const Module& average, const Module& model, std::int64_t averaged,
                              const AveragedModelOptions& options);
}  // namespace detail

/// A second model whose parameters are the average of those that the first has had:
///
///     nn::AveragedModel average(model, {.avg_fn = nn::exponential_moving_average(0.99)});
///     for (...) { ...; optimizer.step(); average.update_parameters(model); }
///     average(x);
///
/// It starts as a clone of the model; the first update takes over the model's numbers as they are. Its state
/// dict has the model's entries behind "module.", and "n_averaged". Source:
/// torch.optim.swa_utils.AveragedModel.
template <std::derived_from<Module> M>
class AveragedModel : public Module {
 public:
  explicit AveragedModel(const M& model, AveragedModelOptions options = {})
      : module(clone(model)), options_(std::move(options)) {}

  /// Takes the model's numbers into the average. Throws ValueError for a model of other parameters or
  /// buffers; then nothing was changed.
  void update_parameters(const M& model) {
    detail::update_average(module, model, n_averaged.template item<std::int64_t>(), options_);
    n_averaged.add_(1);
  }

  XGRAD_MEMBERS(module, n_averaged)
  Tensor forward(const Tensor& input) override { return module(input); }

  M module;                                            ///< the average
  Buffer n_averaged{Tensor(Array::zeros({}, int64))};  ///< how many models are in it

 private:
  AveragedModelOptions options_;
};

}  // namespace xgrad::nn

#include <xgrad/nn/averaged_model.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>

namespace xgrad::nn {

AverageFunction stochastic_weight_average() {
  return [](const Tensor& average, const Tensor& current, std::int64_t averaged) {
    return average + (current - average) / static_cast<double>(averaged + 1);
  };
}

AverageFunction exponential_moving_average(double decay) {
  if (!(decay >= 0 && decay <= 1))
    throw ValueError(fmt::format("exponential_moving_average: expected a decay in [0, 1], got {}", decay));
  return [decay](const Tensor& average, const Tensor& current, std::int64_t) {
    return average * decay + current * (1 - decay);
  };
}

namespace detail {
namespace {

void check_match(const char* kind, const NamedTensors& average, const NamedTensors& model) {
  if (average.size() != model.size()) {
    throw ValueError(fmt::format("update_parameters: the average has {} {}s, the model {}", average.size(),
                                 kind, model.size()));
  }
  for (std::size_t i = 0; i < average.size(); ++i) {
    if (average[i].first == model[i].first && average[i].second.shape() == model[i].second.shape()) continue;
    throw ValueError(fmt::format("update_parameters: {} {} of the average is {} {}, of the model {} {}", kind,
                                 i, average[i].first, to_string(average[i].second.shape()), model[i].first,
                                 to_string(model[i].second.shape())));
  }
}

}  // namespace

void update_average(const Module& average, const Module& model, std::int64_t averaged,
                    const AveragedModelOptions& options) {
  NamedTensors averages = average.named_parameters();
  NamedTensors currents = model.named_parameters();
  check_match("parameter", averages, currents);
  NamedTensors average_buffers = average.named_buffers();
  NamedTensors current_buffers = model.named_buffers();
  check_match("buffer", average_buffers, current_buffers);
  if (!options.avg_fn) throw ValueError("update_parameters: expected a function as avg_fn, got none");

  NoGrad off;
  // All averages are computed before the first is written: avg_fn may throw.
  auto computed = [&](const NamedTensors& targets, const NamedTensors& sources, bool averages_them) {
    std::vector<Tensor> results;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      bool first = averaged == 0 || !averages_them;
      results.push_back(
          first ? sources[i].second
                : options.avg_fn(targets[i].second.detach(), sources[i].second.detach(), averaged));
    }
    return results;
  };
  std::vector<Tensor> parameters = computed(averages, currents, true);
  std::vector<Tensor> buffers = computed(average_buffers, current_buffers, options.use_buffers);
  for (std::size_t i = 0; i < averages.size(); ++i) averages[i].second.copy_(parameters[i]);
  for (std::size_t i = 0; i < buffers.size(); ++i) average_buffers[i].second.copy_(buffers[i]);
}

}  // namespace detail

}  // namespace xgrad::nn

#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>

namespace xgrad::optim {

namespace detail {
/// An option as numbers, and back. `from_numbers` throws ValueError for another count, and for a truth other
/// than 0 and 1.
inline std::vector<double> to_numbers(double option) { return {option}; }
template <std::size_t N>
std::vector<double> to_numbers(const std::array<double, N>& option) {
  return {option.begin(), option.end()};
}
XGRAD_API void from_numbers(const std::string& name, const std::vector<double>& numbers, double& option);
XGRAD_API void from_numbers(const std::string& name, const std::vector<double>& numbers, bool& option);
XGRAD_API void from_numbers(const std::string& name, const std::vector<double>& numbers,
                            std::int64_t& option);
XGRAD_API void from_numbers(const std::string& name, const std::vector<double>& numbers,
                            std::span<double> option);
}  // namespace detail

/// What the steps of an optimizer have left behind and the options of its groups, to be saved and taken up
/// again. Parameters are counted through all groups, from 0: "3.exp_avg" is a tensor, "3.step" a number of
/// the fourth one; "group.0.lr" is an option of the first group. Truths are 0 or 1.
struct OptimizerState {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::vector<double>> numbers;
};

/// What all optimizers have: groups of parameters, each with its own options, and for each parameter a state
/// that its steps leave behind. A step changes the parameters in place, in one pass over the memory of a
/// whole group, and allocates nothing after the first. A parameter without a gradient is passed over; nan and
/// inf in a gradient go into the parameter. Source: torch.optim.Optimizer.
class XGRAD_API Optimizer {
 public:
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer();

  /// Drops the gradients of all parameters, or with set_to_none = false fills them with 0.
  void zero_grad(bool set_to_none = true);
  /// Changes every parameter that has a gradient. Throws GraphError, before anything is changed, when a
  /// gradient does not have its parameter's shape and dtype.
  void step();
  /// Calls `closure`, which computes the loss and its gradients, then steps; returns the loss.
  template <std::invocable Closure>
  Tensor step(Closure&& closure) {
    Tensor loss = [&] {
      EnableGrad on;
      return closure();
    }();
    step();
    return loss;
  }

  std::size_t group_count() const noexcept { return groups_.size(); }
  /// The parameters of one group. Throws IndexError.
  std::vector<Tensor> params(std::size_t group = 0) const;
  /// The learning rate of one group, read or set: for schedulers, which know no other option. Throws
  /// IndexError.
  virtual double lr(std::size_t group = 0) const = 0;
  virtual void set_lr(double lr, std::size_t group = 0) = 0;
  /// The momentum of one group, or betas[0] where there are betas: for schedulers that cycle it. Nothing for
  /// an optimizer without either; then setting it throws ValueError. Throws IndexError.
  virtual std::optional<double> momentum(std::size_t group = 0) const;
  virtual void set_momentum(double momentum, std::size_t group = 0);
  /// The learning rate that schedulers count from: the first scheduler of the optimizer notes it, those after
  /// it read it. Throws IndexError.
  std::optional<double> initial_lr(std::size_t group = 0) const;
  void set_initial_lr(double lr, std::size_t group = 0);

  /// What the steps keep for a parameter, under PyTorch's names ("exp_avg"); nothing before its first step.
  /// Handles on the optimizer's own memory. Throws ValueError for a tensor that is not optimized here.
  std::vector<std::pair<std::string, Tensor>> state(const Tensor& parameter) const;
  /// How many steps a parameter has made. Throws ValueError for a tensor that is not optimized here.
  std::int64_t steps(const Tensor& parameter) const;

  /// The state. Its tensors are handles on the optimizer's own memory, which the next step changes; clone()
  /// them to keep them. Source: torch.optim.Optimizer.state_dict.
  OptimizerState state_dict() const;
  /// Copies a state into this optimizer, which has groups of as many parameters, of the same shapes: its
  /// steps go on as the other's would have. Throws ValueError that names what is missing, unexpected or of
  /// another shape; then nothing was changed. Source: torch.optim.Optimizer.load_state_dict.
  void load_state_dict(const OptimizerState& state);

 protected:
  /// One parameter.
  struct Slot {
    Tensor parameter;
    std::int64_t steps = 0;
    bool fresh = false;         ///< the state was made for this step
    double carried = 0;         ///< a number that a step leaves to the next one
    std::vector<Tensor> state;  ///< row-major, of the parameter's shape and dtype
  };
  /// The parameters of a group that have gradients, laid out for one pass; see sweep.hpp.
  class Sweep;

  /// `name` is the optimizer's, for errors; `state_names` those of the state tensors. Both must live forever.
  Optimizer(const char* name, std::span<const char* const> state_names);
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

  /// Adds a group. Throws ValueError for no parameters or one that occurs twice, GraphError for one that is
  /// no leaf or does not require a gradient; then nothing was added.
  void add_group(const std::vector<Tensor>& params);
  /// The number of a group, if there is such a group. Throws IndexError.
  std::size_t checked(std::size_t group) const;

  /// The parameters of a group, for updates that are no sweep. `start_step` counts a step of one that has a
  /// gradient and makes sure that it has its first `states` state tensors; it returns false for one without.
  std::vector<Slot>& slots(std::size_t group) { return groups_[checked(group)]; }
  bool start_step(Slot& slot, std::size_t states) const;
  /// The shape of state tensor `place` of a parameter: by default the parameter's own.
  virtual Shape state_shape(const Tensor& parameter, std::size_t place) const;

  /// Steps the parameters of a group that have gradients.
  virtual void update(std::size_t group) = 0;
  /// The options of a group by name, for the state; by default none.
  virtual std::map<std::string, std::vector<double>> option_numbers(std::size_t group) const;
  /// Checks options of those names (throws ValueError) and, with `set`, puts them into the group.
  virtual void take_options(std::size_t group, const std::map<std::string, std::vector<double>>& numbers,
                            bool set);
  /// State beside that of parameters and groups: for optimizers that step all parameters as one. `take_extra`
  /// removes its entries from the state and returns what puts them in place; it throws ValueError.
  virtual void add_extra(OptimizerState& state) const;
  virtual std::function<void()> take_extra(OptimizerState& state);
  /// For `update`: counts a step of the group's parameters that have gradients, and lays them out with their
  /// first `states` state tensors, which are 0 at first.
  Sweep& start_sweep(std::size_t group, std::size_t states);

 private:
  const Slot& slot_of(const Tensor& parameter) const;
  void check_gradients() const;

  const char* name_;
  std::span<const char* const> state_names_;
  std::vector<std::vector<Slot>> groups_;
  std::vector<std::optional<double>> initial_lrs_;  ///< of the first groups
  std::unique_ptr<Sweep> sweep_;
};

/// Parameters and the options that hold for them.
template <class Options>
struct ParamGroup {
  std::vector<Tensor> params;
  Options options = {};
};

/// An optimizer with options of this class. Options are an aggregate with a member `lr` and a function
/// `validate()` that throws ValueError.
template <class Options>
class XGRAD_API OptimizerOf : public Optimizer {
 public:
  using Group = ParamGroup<Options>;

  /// The options of one group, to be read or changed between steps. Throws IndexError.
  Options& options(std::size_t group = 0) { return options_[checked(group)]; }
  const Options& options(std::size_t group = 0) const { return options_[checked(group)]; }
  double lr(std::size_t group = 0) const override { return options(group).lr; }
  void set_lr(double lr, std::size_t group = 0) override { options(group).lr = lr; }
  std::optional<double> momentum(std::size_t group = 0) const override {
    const Options& o = options(group);
    if constexpr (requires { o.betas; })
      return o.betas[0];
    else if constexpr (requires { o.momentum; })
      return o.momentum;
    else
      return Optimizer::momentum(group);
  }
  void set_momentum(double momentum, std::size_t group = 0) override {
    Options& o = options(group);
    if constexpr (requires { o.betas; })
      o.betas[0] = momentum;
    else if constexpr (requires { o.momentum; })
      o.momentum = momentum;
    else
      Optimizer::set_momentum(momentum, group);
  }
  /// Adds parameters with options of their own. Throws as the constructor does; then nothing was added.
  void add_param_group(const Group& group) {
    group.options.validate();
    options_.reserve(options_.size() + 1);
    add_group(group.params);
    options_.push_back(group.options);
  }

 protected:
  OptimizerOf(const char* name, std::span<const char* const> state_names, const std::vector<Tensor>& params,
              const Options& options)
      : Optimizer(name, state_names) {
    add_param_group({params, options});
  }
  OptimizerOf(const char* name, std::span<const char* const> state_names, const std::vector<Group>& groups)
      : Optimizer(name, state_names) {
    for (const Group& group : groups) add_param_group(group);
  }

  std::map<std::string, std::vector<double>> option_numbers(std::size_t group) const override {
    std::map<std::string, std::vector<double>> numbers;
    Options copy = options(group);
    copy.visit([&](const char* name, const auto& option) {
      if constexpr (std::integral<std::remove_cvref_t<decltype(option)>>)
        numbers[name] = detail::to_numbers(static_cast<double>(option));
      else
        numbers[name] = detail::to_numbers(option);
    });
    return numbers;
  }
  void take_options(std::size_t group, const std::map<std::string, std::vector<double>>& numbers,
                    bool set) override {
    Options taken = options(group);
    taken.visit(
        [&](const char* name, auto& option) { detail::from_numbers(name, numbers.at(name), option); });
    taken.validate();
    if (set) options(group) = taken;
  }

 private:
  std::vector<Options> options_;
};

}  // namespace xgrad::optim

#pragma once

#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include <xgrad/optim/optimizer.hpp>

namespace xgrad::optim {

/// How LBFGS chooses the length of a step.
enum class LineSearch {
  none,         ///< lr
  strong_wolfe  ///< one that satisfies the strong Wolfe conditions, found by cubic interpolation
};

struct LBFGSOptions {
  double lr = 1;
  std::int64_t max_iter = 20;  ///< directions in a step
  std::optional<std::int64_t> max_eval =
      {};  ///< calls of the closure in a step; if not given 5/4 of max_iter
  double tolerance_grad = 1e-7;
  double tolerance_change = 1e-9;
  std::int64_t history_size = 100;  ///< pairs that the curvature is estimated from
  LineSearch line_search_fn = LineSearch::none;

  /// Throws ValueError for a negative lr or tolerance, and for sizes that are not positive.
  void validate() const;
  /// v(name, option) for every option; see OptimizerState.
  template <class Visit>
  void visit(Visit&& v) {
    v("lr", lr);
    v("max_iter", max_iter);
    std::int64_t most = max_eval.value_or(0);
    v("max_eval", most);
    max_eval = most == 0 ? std::nullopt : std::optional(most);
    v("tolerance_grad", tolerance_grad);
    v("tolerance_change", tolerance_change);
    v("history_size", history_size);
    bool searches = line_search_fn == LineSearch::strong_wolfe;
    v("strong_wolfe", searches);
    line_search_fn = searches ? LineSearch::strong_wolfe : LineSearch::none;
  }
};

/// Limited-memory BFGS. All parameters are one vector x with gradient g. A step repeats, up to max_iter
/// times:
///
///     d = -H g      (H: the inverse Hessian, as the last pairs s = change of x, y = change of g imply it)
///     x = x + t d   (t = lr, or what the line search finds; the first time lr * min(1, 1 / |g|_1))
///
/// until no element of g exceeds tolerance_grad, no element of x or the loss changes by more than
/// tolerance_change, or max_eval is reached. The closure computes the loss and its gradients, and is called
/// several times in a step: step(closure) returns what it gave first. There is one group of parameters, all
/// of one dtype. Nocedal, "Updating quasi-Newton matrices with limited storage" (1980); Nocedal and Wright,
/// "Numerical optimization" (2006), chapters 3 and 7. Source: torch.optim.LBFGS.
class XGRAD_API LBFGS : public OptimizerOf<LBFGSOptions> {
 public:
  explicit LBFGS(const std::vector<Tensor>& params, LBFGSOptions options = {});
  /// Throws ValueError unless there is one group.
  explicit LBFGS(const std::vector<Group>& groups);

  /// Throws GraphError for gradients of another shape or dtype than their parameters.
  template <std::invocable Closure>
  Tensor step(Closure&& closure) {
    return minimize([&] { return Tensor(closure()); });
  }
  /// Throws GraphError: a step needs the closure.
  void step() { update(0); }
  void add_param_group(const Group&) = delete;

 protected:
  void update(std::size_t group) override;
  void add_extra(OptimizerState& state) const override;
  std::function<void()> take_extra(OptimizerState& state) override;

 private:
  /// What a step leaves to the next one.
  struct Memory {
    std::int64_t iterations = 0;
    Tensor direction;
    double length = 0;
    std::deque<Tensor> gradient_changes;  ///< y
    std::deque<Tensor> changes;           ///< s
    std::deque<double> factors;           ///< 1 / (y . s)
    double scale = 1;                     ///< of the first guess at H
    Tensor previous_gradient;
    double previous_loss = 0;
  };
  struct Point {
    double loss;
    Tensor gradient;
  };
  struct Found {
    double length;
    Point point;
    std::int64_t evaluations;
  };

  Tensor minimize(const std::function<Tensor()>& closure);
  Tensor flat_gradient() const;
  void move(double length, const Tensor& direction);
  Tensor next_direction(const Tensor& gradient);
  Found search_length(const std::function<Point(double)>& at, double length, const Tensor& direction,
                      const Point& start, double slope) const;

  Memory memory_;
};

}  // namespace xgrad::optim

#include <xgrad/optim/sparse_adam.hpp>

#include <algorithm>
#include <cmath>

#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/tensor/tensor_impl.hpp>
#include <xgrad/optim/require.hpp>

namespace xgrad::optim {

using namespace detail;

namespace {

constexpr const char* state_names[] = {"exp_avg", "exp_avg_sq"};

/// One step of the rows that have a gradient.
template <class T>
void step_rows(const Array& p, const Array& g, const Array& m, const Array& v, std::int64_t t,
               const SparseAdamOptions& o) {
  std::int64_t rows = p.ndim() == 0 ? 1 : p.shape()[0];
  std::int64_t width = rows == 0 ? 0 : p.numel() / rows;
  auto a = static_cast<T>(o.betas[0]), b = static_cast<T>(o.betas[1]);
  double root = std::sqrt(1 - std::pow(o.betas[1], static_cast<double>(t)));
  auto factor = static_cast<T>(o.lr * root / (1 - std::pow(o.betas[0], static_cast<double>(t))));
  auto eps = static_cast<T>(o.eps);
  T sign = o.maximize ? T(-1) : T(1);
  std::int64_t grain = std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, width));
  kernels::parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const T* from = g.data<T>() + row * width;
      if (std::all_of(from, from + width, [](T x) { return x == T(0); })) continue;
      T* p_row = p.data<T>() + row * width;
      T* m_row = m.data<T>() + row * width;
      T* v_row = v.data<T>() + row * width;
      for (std::int64_t i = 0; i < width; ++i) {
        T x = from[i] * sign;
        m_row[i] = m_row[i] * a + x * (1 - a);
        v_row[i] = v_row[i] * b + x * x * (1 - b);
        p_row[i] -= factor * m_row[i] / (std::sqrt(v_row[i]) + eps);
      }
    }
  });
}

}  // namespace

void SparseAdamOptions::validate() const {
  require("SparseAdam", lr >= 0, "lr of 0 or more", lr);
  require("SparseAdam", eps >= 0, "eps of 0 or more", eps);
  require("SparseAdam", betas[0] >= 0 && betas[0] < 1, "betas[0] in [0, 1)", betas[0]);
  require("SparseAdam", betas[1] >= 0 && betas[1] < 1, "betas[1] in [0, 1)", betas[1]);
}

SparseAdam::SparseAdam(const std::vector<Tensor>& params, SparseAdamOptions options)
    : OptimizerOf("SparseAdam", state_names, params, options) {}
SparseAdam::SparseAdam(const std::vector<Group>& groups) : OptimizerOf("SparseAdam", state_names, groups) {}

void SparseAdam::update(std::size_t group) {
  const SparseAdamOptions o = options(group);
  for (Slot& slot : slots(group)) {
    if (!start_step(slot, 2)) continue;
    const Array& own = slot.parameter.array();
    for (Tensor& state : slot.state) {
      if (state.dtype() != own.dtype()) state = Tensor(kernels::cast(state.array(), own.dtype()));
    }
    Array p = kernels::contiguous(own);
    Array g = kernels::contiguous(slot.parameter.grad().array());
    dispatch_floating(own.dtype(), [&]<class T>(TypeTag<T>) {
      step_rows<T>(p, g, slot.state[0].array(), slot.state[1].array(), slot.steps, o);
    });
    if (!own.is_contiguous()) kernels::copy(p, own);
    own.storage()->bump_version();
  }
}

}  // namespace xgrad::optim

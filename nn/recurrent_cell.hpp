#pragma once

#include <optional>
#include <string>
#include <utility>

#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/ops/recurrent.hpp>
#include <xgrad/nn/module.hpp>

/// One step of a recurrent network: inputs [N, input_size] and states [N, hidden_size], or all without N.
/// States that are not given are 0. All weights are at first uniform in (-1/sqrt(H), 1/sqrt(H)). Constructors
/// throw ValueError for sizes not from 1 to 2^31 - 1; calls throw ShapeError.
namespace xgrad::nn {

struct CellOptions {
  bool bias = true;
  std::optional<DType> dtype = std::nullopt;  ///< the default dtype, if none is given
  Generator* generator = nullptr;             ///< for the first weights; the thread's own, if none is given
};

namespace detail {

/// What the cells have in common.
class XGRAD_API RecurrentCell : public Module {
 public:
  Parameter weight_ih;  ///< [G * hidden_size, input_size]
  Parameter weight_hh;  ///< [G * hidden_size, hidden_size]
  Parameter bias_ih;    ///< [G * hidden_size], or undefined
  Parameter bias_hh;    ///< [G * hidden_size], or undefined

  void visit(Visitor& visitor) override;
  std::string describe() const override;

 protected:
  RecurrentCell(const char* name, std::int64_t gates, std::int64_t input_size, std::int64_t hidden_size,
                const CellOptions& options);
  RecurrentWeights weights() const { return {weight_ih, weight_hh, bias_ih, bias_hh}; }
  /// The state, or zeros. Throws ShapeError when input and state do not fit.
  Tensor checked_state(const char* operand, const Tensor& input, const Tensor& state) const;

 private:
  using Module::forward;
  const char* name_;
  std::int64_t input_size_;
  std::int64_t hidden_size_;
};

}  // namespace detail

struct RNNCellOptions {
  bool bias = true;
  std::string nonlinearity = "tanh";  ///< or "relu"
  std::optional<DType> dtype = std::nullopt;
  Generator* generator = nullptr;
};

/// rnn_cell: the new h. Source: torch.nn.RNNCell.
class XGRAD_API RNNCell : public detail::RecurrentCell {
 public:
  RNNCell(std::int64_t input_size, std::int64_t hidden_size, RNNCellOptions options = {});
  Tensor operator()(const Tensor& input, const Tensor& h = {});
  std::string describe() const override;

 private:
  std::string nonlinearity_;
};

/// gru_cell: the new h. Source: torch.nn.GRUCell.
class XGRAD_API GRUCell : public detail::RecurrentCell {
 public:
  GRUCell(std::int64_t input_size, std::int64_t hidden_size, CellOptions options = {});
  Tensor operator()(const Tensor& input, const Tensor& h = {});
};

/// lstm_cell: the new h and c. Source: torch.nn.LSTMCell.
class XGRAD_API LSTMCell : public detail::RecurrentCell {
 public:
  LSTMCell(std::int64_t input_size, std::int64_t hidden_size, CellOptions options = {});
  std::pair<Tensor, Tensor> operator()(const Tensor& input, const Tensor& h = {}, const Tensor& c = {});
};

}  // namespace xgrad::nn

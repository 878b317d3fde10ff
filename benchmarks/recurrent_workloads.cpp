#include <memory>

#include "workloads.hpp"

namespace bench {

using namespace xgrad;

namespace {

Tensor output_of(nn::LSTM& lstm, const Tensor& x) { return lstm(x).output; }
Tensor output_of(nn::GRU& gru, const Tensor& x) { return gru(x).first; }

template <class Network>
void add_network(const std::string& name, bool forward_too) {
  auto sequence = [] { return randn({50, 32, 128}); };
  if (forward_too) {
    add(name, [=] {
      auto network = std::make_shared<Network>(128, 256);
      return std::function<void()>([=, x = sequence()] {
        NoGrad off;
        Tensor y = output_of(*network, x);
      });
    });
  }
  add(name + "_fb", [=] {
    auto network = std::make_shared<Network>(128, 256);
    return std::function<void()>([=, x = sequence()] {
      network->zero_grad();
      mean(output_of(*network, x)).backward();
    });
  });
}

}  // namespace

void add_recurrent_workloads() {
  add_network<nn::LSTM>("rnn/lstm_128_256_seq50_b32", true);
  add_network<nn::GRU>("rnn/gru_128_256_seq50_b32", false);
}

}  // namespace bench

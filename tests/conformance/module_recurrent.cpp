#include "module.hpp"

namespace conformance {

using namespace xgrad;

namespace {

Tensor input_or_none(const std::vector<Tensor>& inputs, std::size_t place) {
  return place < inputs.size() ? inputs[place] : Tensor();
}

template <class M, class Options>
Call network_row(Options options_of) {
  return module_row(
      [=](const Config& c) {
        auto options = options_of(c);
        options.num_layers = c.integer("num_layers");
        options.bias = c.flag("bias");
        options.batch_first = c.flag("batch_first");
        options.dropout = c.real("dropout");
        options.bidirectional = c.flag("bidirectional");
        return M(c.integer("input_size"), c.integer("hidden_size"), options);
      },
      [](M& module, const std::vector<Tensor>& x, const Config&) {
        if constexpr (std::is_same_v<M, nn::LSTM>) {
          auto [output, h_n, c_n] = module(x.at(0), input_or_none(x, 1), input_or_none(x, 2));
          return Outputs{output, h_n, c_n};
        } else {
          auto [output, h_n] = module(x.at(0), input_or_none(x, 1));
          return Outputs{output, h_n};
        }
      });
}

}  // namespace

Rows module_recurrent_rows() {
  return {
      {"module/nn.RNN", network_row<nn::RNN>([](const Config& c) {
         nn::RNNOptions options;
         options.nonlinearity = c.text("nonlinearity");
         return options;
       })},
      {"module/nn.GRU", network_row<nn::GRU>([](const Config&) { return nn::GRUOptions(); })},
      {"module/nn.LSTM", network_row<nn::LSTM>([](const Config& c) {
         nn::LSTMOptions options;
         options.proj_size = c.integer("proj_size");
         return options;
       })},
      {"module/nn.RNNCell", module_row(
                                [](const Config& c) {
                                  return nn::RNNCell(
                                      c.integer("input_size"), c.integer("hidden_size"),
                                      {.bias = c.flag("bias"), .nonlinearity = c.text("nonlinearity")});
                                },
                                [](nn::RNNCell& cell, const std::vector<Tensor>& x, const Config&) {
                                  return Outputs{cell(x.at(0), input_or_none(x, 1))};
                                })},
      {"module/nn.GRUCell", module_row(
                                [](const Config& c) {
                                  return nn::GRUCell(c.integer("input_size"), c.integer("hidden_size"),
                                                     {.bias = c.flag("bias")});
                                },
                                [](nn::GRUCell& cell, const std::vector<Tensor>& x, const Config&) {
                                  return Outputs{cell(x.at(0), input_or_none(x, 1))};
                                })},
      {"module/nn.LSTMCell", module_row(
                                 [](const Config& c) {
                                   return nn::LSTMCell(c.integer("input_size"), c.integer("hidden_size"),
                                                       {.bias = c.flag("bias")});
                                 },
                                 [](nn::LSTMCell& cell, const std::vector<Tensor>& x, const Config&) {
                                   auto [h, cells] = cell(x.at(0), input_or_none(x, 1), input_or_none(x, 2));
                                   return Outputs{h, cells};
                                 })},
  };
}

}  // namespace conformance

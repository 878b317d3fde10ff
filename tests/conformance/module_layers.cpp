#include "module.hpp"

namespace conformance {

using namespace xgrad;

namespace {

std::optional<double> optional_real(const Config& c, const char* name) {
  return c.is_null(name) ? std::nullopt : std::optional(c.real(name));
}
std::optional<std::int64_t> optional_integer(const Config& c, const char* name) {
  return c.is_null(name) ? std::nullopt : std::optional(c.integer(name));
}

template <std::size_t N>
PerDim<N> stride(const Config& c) {
  return c.is_null("stride") ? PerDim<N>() : PerDim<N>(c.ints("stride"));
}

template <std::size_t N>
Padding<N> padding(const Config& c) {
  return c.json("padding").is_string() ? Padding<N>(c.text("padding")) : Padding<N>(c.ints("padding"));
}

template <std::size_t N>
Call conv_row() {
  return module_row([](const Config& c) {
    std::string mode = c.text("padding_mode");
    return nn::Conv<N>(c.integer("in_channels"), c.integer("out_channels"), c.ints("kernel_size"),
                       {.stride = c.ints("stride"),
                        .padding = padding<N>(c),
                        .dilation = c.ints("dilation"),
                        .groups = c.integer("groups"),
                        .bias = c.flag("bias"),
                        .padding_mode = mode});
  });
}

template <std::size_t N>
Call conv_transpose_row() {
  return module_row([](const Config& c) {
    return nn::ConvTranspose<N>(c.integer("in_channels"), c.integer("out_channels"), c.ints("kernel_size"),
                                {.stride = c.ints("stride"),
                                 .padding = c.ints("padding"),
                                 .output_padding = c.ints("output_padding"),
                                 .groups = c.integer("groups"),
                                 .bias = c.flag("bias"),
                                 .dilation = c.ints("dilation")});
  });
}

template <std::size_t N>
Call max_pool_row() {
  return [](const Arguments& a) {
    Config c(a.json("config"));
    nn::MaxPool<N> pool(c.ints("kernel_size"), {.stride = stride<N>(c),
                                                .padding = c.ints("padding"),
                                                .dilation = c.ints("dilation"),
                                                .ceil_mode = c.flag("ceil_mode")});
    if (!c.flag("return_indices")) return Outputs{pool(a.tensors("inputs").at(0))};
    auto [values, indices] = pool.forward_with_indices(a.tensors("inputs").at(0));
    return Outputs{values, indices};
  };
}

template <std::size_t N>
Call avg_pool_row() {
  return module_row([](const Config& c) {
    return nn::AvgPool<N>(
        c.ints("kernel_size"),
        {.stride = stride<N>(c),
         .padding = c.ints("padding"),
         .ceil_mode = c.flag("ceil_mode"),
         .count_include_pad = c.flag("count_include_pad"),
         .divisor_override =
             c.has("divisor_override") ? optional_integer(c, "divisor_override") : std::nullopt});
  });
}

template <std::size_t N>
Call lp_pool_row() {
  return module_row([](const Config& c) {
    return nn::LPPool<N>(c.real("norm_type"), c.ints("kernel_size"),
                         {.stride = stride<N>(c), .ceil_mode = c.flag("ceil_mode")});
  });
}

template <std::size_t N>
OutputSize<N> output_size(const Config& c) {
  const Json& json = c.json("output_size");
  std::array<std::optional<std::int64_t>, N> sizes;
  for (std::size_t i = 0; i < N; ++i) {
    const Json& size = json.is_array() ? json.at(i) : json;
    if (!size.is_null()) sizes[i] = size.get<std::int64_t>();
  }
  return sizes;
}

template <std::size_t N>
Call adaptive_avg_pool_row() {
  return module_row([](const Config& c) { return nn::AdaptiveAvgPool<N>(output_size<N>(c)); });
}

template <std::size_t N>
Call adaptive_max_pool_row() {
  return [](const Arguments& a) {
    Config c(a.json("config"));
    nn::AdaptiveMaxPool<N> pool(output_size<N>(c));
    if (!c.flag("return_indices")) return Outputs{pool(a.tensors("inputs").at(0))};
    auto [values, indices] = pool.forward_with_indices(a.tensors("inputs").at(0));
    return Outputs{values, indices};
  };
}

template <class Pad>
Call pad_row() {
  return module_row([](const Config& c) { return Pad(c.ints("padding")); });
}
template <class Pad>
Call constant_pad_row() {
  return module_row([](const Config& c) { return Pad(c.ints("padding"), c.real("value")); });
}

template <class M>
Call number_row(const char* name) {
  return module_row([name](const Config& c) { return M(c.real(name)); });
}
template <class M>
Call number_row(const char* one, const char* two) {
  return module_row([=](const Config& c) { return M(c.real(one), c.real(two)); });
}
template <class M>
Call integer_row(const char* name) {
  return module_row([name](const Config& c) { return M(c.integer(name)); });
}

}  // namespace

Rows module_layer_rows() {
  return {
      {"module/nn.Linear", module_row([](const Config& c) {
         return nn::Linear(c.integer("in_features"), c.integer("out_features"), {.bias = c.flag("bias")});
       })},
      {"module/nn.Bilinear", module_row(
                                 [](const Config& c) {
                                   return nn::Bilinear(c.integer("in1_features"), c.integer("in2_features"),
                                                       c.integer("out_features"), {.bias = c.flag("bias")});
                                 },
                                 [](nn::Bilinear& module, const std::vector<Tensor>& x, const Config&) {
                                   return Outputs{module(x.at(0), x.at(1))};
                                 })},
      {"module/nn.Conv1d", conv_row<1>()},
      {"module/nn.Conv2d", conv_row<2>()},
      {"module/nn.Conv3d", conv_row<3>()},
      {"module/nn.ConvTranspose1d", conv_transpose_row<1>()},
      {"module/nn.ConvTranspose2d", conv_transpose_row<2>()},
      {"module/nn.ConvTranspose3d", conv_transpose_row<3>()},
      {"module/nn.Embedding", module_row([](const Config& c) {
         return nn::Embedding(c.integer("num_embeddings"), c.integer("embedding_dim"),
                              {.padding_idx = optional_integer(c, "padding_idx"),
                               .max_norm = optional_real(c, "max_norm"),
                               .norm_type = c.real("norm_type"),
                               .scale_grad_by_freq = c.flag("scale_grad_by_freq")});
       })},
      {"module/nn.EmbeddingBag",
       module_row(
           [](const Config& c) {
             return nn::EmbeddingBag(c.integer("num_embeddings"), c.integer("embedding_dim"),
                                     {.max_norm = optional_real(c, "max_norm"),
                                      .norm_type = c.real("norm_type"),
                                      .scale_grad_by_freq = c.flag("scale_grad_by_freq"),
                                      .mode = c.text("mode"),
                                      .include_last_offset = c.flag("include_last_offset"),
                                      .padding_idx = optional_integer(c, "padding_idx")});
           },
           [](nn::EmbeddingBag& module, const std::vector<Tensor>& x, const Config&) {
             return Outputs{module(x.at(0), x.size() > 1 ? x[1] : Tensor(), x.size() > 2 ? x[2] : Tensor())};
           })},
      {"module/nn.MaxPool1d", max_pool_row<1>()},
      {"module/nn.MaxPool2d", max_pool_row<2>()},
      {"module/nn.MaxPool3d", max_pool_row<3>()},
      {"module/nn.AvgPool1d", avg_pool_row<1>()},
      {"module/nn.AvgPool2d", avg_pool_row<2>()},
      {"module/nn.AvgPool3d", avg_pool_row<3>()},
      {"module/nn.LPPool1d", lp_pool_row<1>()},
      {"module/nn.LPPool2d", lp_pool_row<2>()},
      {"module/nn.AdaptiveAvgPool1d", adaptive_avg_pool_row<1>()},
      {"module/nn.AdaptiveAvgPool2d", adaptive_avg_pool_row<2>()},
      {"module/nn.AdaptiveAvgPool3d", adaptive_avg_pool_row<3>()},
      {"module/nn.AdaptiveMaxPool1d", adaptive_max_pool_row<1>()},
      {"module/nn.AdaptiveMaxPool2d", adaptive_max_pool_row<2>()},
      {"module/nn.AdaptiveMaxPool3d", adaptive_max_pool_row<3>()},
      {"module/nn.ReflectionPad1d", pad_row<nn::ReflectionPad1d>()},
      {"module/nn.ReflectionPad2d", pad_row<nn::ReflectionPad2d>()},
      {"module/nn.ReflectionPad3d", pad_row<nn::ReflectionPad3d>()},
      {"module/nn.ReplicationPad1d", pad_row<nn::ReplicationPad1d>()},
      {"module/nn.ReplicationPad2d", pad_row<nn::ReplicationPad2d>()},
      {"module/nn.ReplicationPad3d", pad_row<nn::ReplicationPad3d>()},
      {"module/nn.ZeroPad2d", pad_row<nn::ZeroPad2d>()},
      {"module/nn.ConstantPad1d", constant_pad_row<nn::ConstantPad1d>()},
      {"module/nn.ConstantPad2d", constant_pad_row<nn::ConstantPad2d>()},
      {"module/nn.ConstantPad3d", constant_pad_row<nn::ConstantPad3d>()},
      {"module/nn.PixelShuffle", integer_row<nn::PixelShuffle>("upscale_factor")},
      {"module/nn.PixelUnshuffle", integer_row<nn::PixelUnshuffle>("downscale_factor")},
      {"module/nn.Flatten",
       module_row([](const Config& c) { return nn::Flatten(c.integer("start_dim"), c.integer("end_dim")); })},
      {"module/nn.Softmax", integer_row<nn::Softmax>("dim")},
      {"module/nn.LogSoftmax", integer_row<nn::LogSoftmax>("dim")},
      {"module/nn.Softmin", integer_row<nn::Softmin>("dim")},
      {"module/nn.Softmax2d", module_row<nn::Softmax2d>()},
      {"module/nn.GLU", integer_row<nn::GLU>("dim")},
      {"module/nn.PReLU", module_row([](const Config& c) {
         return nn::PReLU({.num_parameters = c.integer("num_parameters"), .init = c.real("init")});
       })},
      {"module/nn.ELU", number_row<nn::ELU>("alpha")},
      {"module/nn.CELU", number_row<nn::CELU>("alpha")},
      {"module/nn.SELU", module_row<nn::SELU>()},
      {"module/nn.GELU", module_row([](const Config& c) { return nn::GELU(c.text("approximate")); })},
      {"module/nn.SiLU", module_row<nn::SiLU>()},
      {"module/nn.Mish", module_row<nn::Mish>()},
      {"module/nn.ReLU", module_row<nn::ReLU>()},
      {"module/nn.ReLU6", module_row<nn::ReLU6>()},
      {"module/nn.LeakyReLU", number_row<nn::LeakyReLU>("negative_slope")},
      {"module/nn.Threshold", number_row<nn::Threshold>("threshold", "value")},
      {"module/nn.Hardtanh", number_row<nn::Hardtanh>("min_val", "max_val")},
      {"module/nn.Hardshrink", number_row<nn::Hardshrink>("lambd")},
      {"module/nn.Softshrink", number_row<nn::Softshrink>("lambd")},
      {"module/nn.Softplus", number_row<nn::Softplus>("beta", "threshold")},
      {"module/nn.Softsign", module_row<nn::Softsign>()},
      {"module/nn.LogSigmoid", module_row<nn::LogSigmoid>()},
      {"module/nn.Sigmoid", module_row<nn::Sigmoid>()},
      {"module/nn.Tanh", module_row<nn::Tanh>()},
      {"module/nn.Tanhshrink", module_row<nn::Tanhshrink>()},
  };
}

}  // namespace conformance

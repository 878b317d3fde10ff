#include <xgrad/nn/rearrange.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <xgrad/autograd/ops/resampling.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad::nn {

Tensor Flatten::forward(const Tensor& input) { return flatten(input, start_dim_, end_dim_); }
std::string Flatten::describe() const {
  return fmt::format("Flatten(start_dim={}, end_dim={})", start_dim_, end_dim_);
}

Tensor Unflatten::forward(const Tensor& input) { return unflatten(input, dim_, sizes_); }
std::string Unflatten::describe() const {
  return fmt::format("Unflatten(dim={}, unflattened_size={})", dim_, to_string(sizes_));
}

Tensor PixelShuffle::forward(const Tensor& input) { return pixel_shuffle(input, factor_); }
std::string PixelShuffle::describe() const { return fmt::format("PixelShuffle(upscale_factor={})", factor_); }

Tensor PixelUnshuffle::forward(const Tensor& input) { return pixel_unshuffle(input, factor_); }
std::string PixelUnshuffle::describe() const {
  return fmt::format("PixelUnshuffle(downscale_factor={})", factor_);
}

Tensor ChannelShuffle::forward(const Tensor& input) { return channel_shuffle(input, groups_); }
std::string ChannelShuffle::describe() const { return fmt::format("ChannelShuffle(groups={})", groups_); }

Tensor Unfold::forward(const Tensor& input) { return unfold(input, kernel_size_, options_); }
std::string Unfold::describe() const {
  return fmt::format("Unfold(kernel_size={}, dilation={}, padding={}, stride={})", to_string(kernel_size_),
                     to_string(options_.dilation), to_string(options_.padding), to_string(options_.stride));
}

Tensor Fold::forward(const Tensor& input) { return fold(input, output_size_, kernel_size_, options_); }
std::string Fold::describe() const {
  return fmt::format("Fold(output_size={}, kernel_size={}, dilation={}, padding={}, stride={})",
                     to_string(output_size_), to_string(kernel_size_), to_string(options_.dilation),
                     to_string(options_.padding), to_string(options_.stride));
}

Tensor Upsample::forward(const Tensor& input) {
  return interpolate(input, {.size = options_.size,
                             .scale_factor = options_.scale_factor,
                             .mode = options_.mode,
                             .align_corners = options_.align_corners});
}
std::string Upsample::describe() const {
  std::string size = options_.size.empty()
                         ? fmt::format("scale_factor=({})", fmt::join(options_.scale_factor, ", "))
                         : "size=" + to_string(options_.size);
  return fmt::format("Upsample({}, mode={})", size, options_.mode);
}

}  // namespace xgrad::nn

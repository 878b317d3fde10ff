#pragma once

#include <optional>
#include <string>
#include <vector>

#include <xgrad/autograd/ops/patches.hpp>
#include <xgrad/nn/module.hpp>

/// Modules without parameters that put elements at other places or into other sizes. What forward throws is
/// said at the functions of their names.
namespace xgrad::nn {

/// Dimensions start_dim to end_dim made one; by default all but the batch: [N, a, b] gives [N, a * b].
/// Source: torch.nn.Flatten.
class XGRAD_API Flatten : public Module {
 public:
  explicit Flatten(std::int64_t start_dim = 1, std::int64_t end_dim = -1)
      : start_dim_(start_dim), end_dim_(end_dim) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t start_dim_;
  std::int64_t end_dim_;
};

/// Dimension `dim` made several of `sizes`, one of which may be -1. Source: torch.nn.Unflatten.
class XGRAD_API Unflatten : public Module {
 public:
  Unflatten(std::int64_t dim, Shape sizes) : dim_(dim), sizes_(std::move(sizes)) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t dim_;
  Shape sizes_;
};

/// [..., C * r * r, H, W] to [..., C, H * r, W * r]. Source: torch.nn.PixelShuffle.
class XGRAD_API PixelShuffle : public Module {
 public:
  explicit PixelShuffle(std::int64_t upscale_factor) : factor_(upscale_factor) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t factor_;
};

/// [..., C, H * r, W * r] to [..., C * r * r, H, W]. Source: torch.nn.PixelUnshuffle.
class XGRAD_API PixelUnshuffle : public Module {
 public:
  explicit PixelUnshuffle(std::int64_t downscale_factor) : factor_(downscale_factor) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t factor_;
};

/// Channels, seen as groups of C, in the order of C groups. Source: torch.nn.ChannelShuffle.
class XGRAD_API ChannelShuffle : public Module {
 public:
  explicit ChannelShuffle(std::int64_t groups) : groups_(groups) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  std::int64_t groups_;
};

/// Images to the patches under a moving window; see xgrad::unfold. Source: torch.nn.Unfold.
class XGRAD_API Unfold : public Module {
 public:
  explicit Unfold(Shape kernel_size, PatchOptions options = {})
      : kernel_size_(std::move(kernel_size)), options_(std::move(options)) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  Shape kernel_size_;
  PatchOptions options_;
};

/// Patches to images of `output_size`; see xgrad::fold. Source: torch.nn.Fold.
class XGRAD_API Fold : public Module {
 public:
  Fold(Shape output_size, Shape kernel_size, PatchOptions options = {})
      : output_size_(std::move(output_size)),
        kernel_size_(std::move(kernel_size)),
        options_(std::move(options)) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  Shape output_size_;
  Shape kernel_size_;
  PatchOptions options_;
};

/// Of Upsample; see xgrad::InterpolateOptions. Either `size` or `scale_factor` is given.
struct UpsampleOptions {
  Shape size = {};
  std::vector<double> scale_factor = {};
  std::string mode = "nearest";
  std::optional<bool> align_corners = std::nullopt;
};

/// interpolate. Source: torch.nn.Upsample.
class XGRAD_API Upsample : public Module {
 public:
  explicit Upsample(UpsampleOptions options) : options_(std::move(options)) {}
  Tensor forward(const Tensor& input) override;
  std::string describe() const override;

 private:
  UpsampleOptions options_;
};

}  // namespace xgrad::nn

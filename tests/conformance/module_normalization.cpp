#include "module.hpp"

namespace conformance {

using namespace xgrad;

namespace {

template <std::size_t N>
Call batch_norm_row() {
  return module_row([](const Config& c) {
    std::optional<double> momentum;
    if (!c.is_null("momentum")) momentum = c.real("momentum");
    return nn::BatchNorm<N>(c.integer("num_features"),
                            {.eps = c.real("eps"),
                             .momentum = momentum,
                             .affine = c.flag("affine"),
                             .track_running_stats = c.flag("track_running_stats")});
  });
}

template <std::size_t N>
Call instance_norm_row() {
  return module_row([](const Config& c) {
    return nn::InstanceNorm<N>(c.integer("num_features"),
                               {.eps = c.real("eps"),
                                .momentum = c.real("momentum"),
                                .affine = c.flag("affine"),
                                .track_running_stats = c.flag("track_running_stats")});
  });
}

}  // namespace

Rows module_normalization_rows() {
  return {
      {"module/nn.BatchNorm1d", batch_norm_row<1>()},
      {"module/nn.BatchNorm2d", batch_norm_row<2>()},
      {"module/nn.BatchNorm3d", batch_norm_row<3>()},
      {"module/nn.InstanceNorm1d", instance_norm_row<1>()},
      {"module/nn.InstanceNorm2d", instance_norm_row<2>()},
      {"module/nn.InstanceNorm3d", instance_norm_row<3>()},
      {"module/nn.LayerNorm", module_row([](const Config& c) {
         return nn::LayerNorm(c.ints("normalized_shape"),
                              {.eps = c.real("eps"), .elementwise_affine = c.flag("elementwise_affine")});
       })},
      {"module/nn.GroupNorm", module_row([](const Config& c) {
         return nn::GroupNorm(c.integer("num_groups"), c.integer("num_channels"),
                              {.eps = c.real("eps"), .affine = c.flag("affine")});
       })},
      {"module/nn.LocalResponseNorm", module_row([](const Config& c) {
         return nn::LocalResponseNorm(c.integer("size"),
                                      {.alpha = c.real("alpha"), .beta = c.real("beta"), .k = c.real("k")});
       })},
  };
}

}  // namespace conformance

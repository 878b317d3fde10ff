#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

InterpolateOptions interpolate_options(const A& a, const std::string& mode) {
  InterpolateOptions options{.mode = mode};
  if (!a.is_null("size")) options.size = a.ints("size");
  if (!a.is_null("scale_factor")) options.scale_factor = a.json("scale_factor").get<std::vector<double>>();
  if (!a.is_null("align_corners")) options.align_corners = a.flag("align_corners");
  return options;
}

PatchOptions patch_options(const A& a) {
  return {.dilation = a.ints("dilation"), .padding = a.ints("padding"), .stride = a.ints("stride")};
}

/// f(input, dim).
Call along_dim(Tensor (*call)(const Tensor&, std::int64_t)) {
  return [call](const A& a) { return Outputs{call(a.tensor("input"), a.integer("dim"))}; };
}

}  // namespace

Rows nn_resampling_rows() {
  return {
      {"nn/interpolate",
       [](const A& a) {
         std::string mode = a.text("mode");
         return Outputs{interpolate(a.tensor("input"), interpolate_options(a, mode))};
       }},
      {"nn/grid_sample",
       [](const A& a) {
         std::string mode = a.text("mode");
         std::string padding_mode = a.text("padding_mode");
         return Outputs{grid_sample(
             a.tensor("input"), a.tensor("grid"),
             {.mode = mode, .padding_mode = padding_mode, .align_corners = a.flag("align_corners")})};
       }},
      {"nn/affine_grid",
       [](const A& a) {
         return Outputs{affine_grid(a.tensor("theta"), a.ints("size"), a.flag("align_corners"))};
       }},
      {"nn/pixel_shuffle",
       [](const A& a) { return Outputs{pixel_shuffle(a.tensor("input"), a.integer("upscale_factor"))}; }},
      {"nn/pixel_unshuffle",
       [](const A& a) { return Outputs{pixel_unshuffle(a.tensor("input"), a.integer("downscale_factor"))}; }},
      {"nn/channel_shuffle",
       [](const A& a) { return Outputs{channel_shuffle(a.tensor("input"), a.integer("groups"))}; }},
      {"nn/unfold",
       [](const A& a) {
         return Outputs{unfold(a.tensor("input"), a.ints("kernel_size"), patch_options(a))};
       }},
      {"nn/fold",
       [](const A& a) {
         return Outputs{
             fold(a.tensor("input"), a.ints("output_size"), a.ints("kernel_size"), patch_options(a))};
       }},
      {"nn/local_response_norm",
       [](const A& a) {
         return Outputs{local_response_norm(a.tensor("input"), a.integer("size"), a.real("alpha"),
                                            a.real("beta"), a.real("k"))};
       }},
      {"nn/linear",
       [](const A& a) {
         return Outputs{linear(a.tensor("input"), a.tensor("weight"), optional_tensor(a, "bias"))};
       }},
      {"nn/bilinear",
       [](const A& a) {
         return Outputs{bilinear(a.tensor("input1"), a.tensor("input2"), a.tensor("weight"),
                                 optional_tensor(a, "bias"))};
       }},
      {"nn/softmax", along_dim(softmax)},
      {"nn/log_softmax", along_dim(log_softmax)},
      {"nn/softmin", along_dim(softmin)},
      {"nn/dropout",
       [](const A& a) {
         return Outputs{nn::dropout(a.tensor("input"), a.real("p"), {.training = a.flag("training")})};
       }},
      {"nn/cosine_similarity",
       [](const A& a) {
         return Outputs{cosine_similarity(a.tensor("x1"), a.tensor("x2"), a.integer("dim"), a.real("eps"))};
       }},
      {"nn/pairwise_distance",
       [](const A& a) {
         return Outputs{pairwise_distance(a.tensor("x1"), a.tensor("x2"), a.real("p"), a.real("eps"),
                                          a.flag("keepdim"))};
       }},
      {"nn/normalize",
       [](const A& a) {
         return Outputs{normalize(a.tensor("input"), a.real("p"), a.integer("dim"), a.real("eps"))};
       }},
  };
}

}  // namespace conformance

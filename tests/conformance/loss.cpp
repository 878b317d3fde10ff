#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

Reduction reduction(const A& a) { return to_reduction(a.text("reduction")); }

/// f(input, target, reduction).
Call pair(Tensor (*loss)(const Tensor&, const Tensor&, Reduction)) {
  return [loss](const A& a) { return Outputs{loss(a.tensor("input"), a.tensor("target"), reduction(a))}; };
}
/// f(input, target, reduction, number).
Call with_option(Tensor (*loss)(const Tensor&, const Tensor&, Reduction, double), const char* option) {
  return [=](const A& a) {
    return Outputs{loss(a.tensor("input"), a.tensor("target"), reduction(a), a.real(option))};
  };
}
/// f(input1, input2, target, reduction, margin).
Call of_two(Tensor (*loss)(const Tensor&, const Tensor&, const Tensor&, Reduction, double)) {
  return [loss](const A& a) {
    return Outputs{
        loss(a.tensor("input1"), a.tensor("input2"), a.tensor("target"), reduction(a), a.real("margin"))};
  };
}

}  // namespace

Rows loss_rows() {
  return {
      {"loss/mse_loss", pair(mse_loss)},
      {"loss/l1_loss", pair(l1_loss)},
      {"loss/soft_margin_loss", pair(soft_margin_loss)},
      {"loss/multilabel_margin_loss", pair(multilabel_margin_loss)},
      {"loss/smooth_l1_loss", with_option(smooth_l1_loss, "beta")},
      {"loss/huber_loss", with_option(huber_loss, "delta")},
      {"loss/hinge_embedding_loss", with_option(hinge_embedding_loss, "margin")},
      {"loss/margin_ranking_loss", of_two(margin_ranking_loss)},
      {"loss/cosine_embedding_loss", of_two(cosine_embedding_loss)},
      {"loss/cross_entropy",
       [](const A& a) {
         return Outputs{cross_entropy(a.tensor("input"), a.tensor("target"), optional_tensor(a, "weight"),
                                      a.integer("ignore_index"), reduction(a), a.real("label_smoothing"))};
       }},
      {"loss/nll_loss",
       [](const A& a) {
         return Outputs{nll_loss(a.tensor("input"), a.tensor("target"), optional_tensor(a, "weight"),
                                 a.integer("ignore_index"), reduction(a))};
       }},
      {"loss/binary_cross_entropy",
       [](const A& a) {
         return Outputs{binary_cross_entropy(a.tensor("input"), a.tensor("target"),
                                             optional_tensor(a, "weight"), reduction(a))};
       }},
      {"loss/binary_cross_entropy_with_logits",
       [](const A& a) {
         return Outputs{binary_cross_entropy_with_logits(a.tensor("input"), a.tensor("target"),
                                                         optional_tensor(a, "weight"),
                                                         optional_tensor(a, "pos_weight"), reduction(a))};
       }},
      {"loss/kl_div",
       [](const A& a) {
         return Outputs{kl_div(a.tensor("input"), a.tensor("target"), reduction(a), a.flag("log_target"))};
       }},
      {"loss/poisson_nll_loss",
       [](const A& a) {
         return Outputs{poisson_nll_loss(a.tensor("input"), a.tensor("target"),
                                         {.log_input = a.flag("log_input"),
                                          .full = a.flag("full"),
                                          .eps = a.real("eps"),
                                          .reduction = reduction(a)})};
       }},
      {"loss/gaussian_nll_loss",
       [](const A& a) {
         return Outputs{
             gaussian_nll_loss(a.tensor("input"), a.tensor("target"), a.tensor("var"),
                               {.full = a.flag("full"), .eps = a.real("eps"), .reduction = reduction(a)})};
       }},
      {"loss/triplet_margin_loss",
       [](const A& a) {
         return Outputs{triplet_margin_loss(a.tensor("anchor"), a.tensor("positive"), a.tensor("negative"),
                                            {.margin = a.real("margin"),
                                             .p = a.real("p"),
                                             .eps = a.real("eps"),
                                             .swap = a.flag("swap"),
                                             .reduction = reduction(a)})};
       }},
      {"loss/multi_margin_loss",
       [](const A& a) {
         return Outputs{multi_margin_loss(a.tensor("input"), a.tensor("target"),
                                          {.p = static_cast<int>(a.integer("p")),
                                           .margin = a.real("margin"),
                                           .weight = optional_tensor(a, "weight"),
                                           .reduction = reduction(a)})};
       }},
      {"loss/ctc_loss",
       [](const A& a) {
         return Outputs{ctc_loss(log_softmax(a.tensor("logits"), -1), a.tensor("targets"),
                                 a.tensor("input_lengths"), a.tensor("target_lengths"),
                                 {.blank = a.integer("blank"),
                                  .reduction = reduction(a),
                                  .zero_infinity = a.flag("zero_infinity")})};
       }},
      {"loss/multilabel_soft_margin_loss",
       [](const A& a) {
         return Outputs{multilabel_soft_margin_loss(a.tensor("input"), a.tensor("target"),
                                                    optional_tensor(a, "weight"), reduction(a))};
       }},
  };
}

}  // namespace conformance

#include "rows.hpp"

namespace conformance {

const std::map<std::string, Call>& table() {
  static const Rows all = [] {
    Rows rows;
    for (auto group : {
             creation_rows,
             unary_rows,
             binary_rows,
             reduction_rows,
             shape_rows,
             index_rows,
             linalg_rows,
             linalg_decomposition_rows,
             linalg_norm_rows,
             nn_rows,
             nn_normalization_rows,
             nn_embedding_rows,
             nn_attention_rows,
             nn_resampling_rows,
             nn_convolution_rows,
             loss_rows,
             optim_rows,
             lr_scheduler_rows,
             init_rows,
             module_layer_rows,
             module_normalization_rows,
             module_recurrent_rows,
             module_attention_rows,
             train_rows,
             program_rows,
         }) {
      rows.merge(group());
    }
    return rows;
  }();
  return all;
}

}  // namespace conformance

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <xgrad/autograd/tensor/tensor.hpp>

/// Sequences of different lengths in one tensor, without padding: what a recurrent module goes through, none
/// of it in vain. Source: torch.nn.utils.rnn.
namespace xgrad::nn::utils {

/// The elements of all sequences, step after step, the longest sequence first.
struct PackedSequence {
  Tensor data;  ///< [rows, ...]: first the step 0 of all sequences, then step 1, ...
  std::vector<std::int64_t> batch_sizes;  ///< how many sequences have step t
  Tensor sorted_indices = {};    ///< [N]: the sequences' places before they were sorted; undefined: as now
  Tensor unsorted_indices = {};  ///< [N]: where each sequence stands now
};

/// Packs padded sequences [T, N, ...], or [N, T, ...] with batch_first, of these lengths: from 1 to T,
/// int64 [N]. With enforce_sorted they must never rise; else the sequences are sorted here, and sorted back
/// by pad_packed_sequence. Gradients flow. Throws ShapeError, DTypeError, ValueError for lengths out of range
/// or that rise. Source: torch.nn.utils.rnn.pack_padded_sequence.
XGRAD_API PackedSequence pack_padded_sequence(const Tensor& input, const Tensor& lengths,
                                              bool batch_first = false, bool enforce_sorted = true);
/// Packs sequences [T_i, ...]. Throws as pack_padded_sequence. Source: torch.nn.utils.rnn.pack_sequence.
XGRAD_API PackedSequence pack_sequence(const std::vector<Tensor>& sequences, bool enforce_sorted = true);

/// Of pad_packed_sequence.
struct PadOptions {
  bool batch_first = false;
  double padding_value = 0;
  std::int64_t total_length = 0;  ///< T of the result; 0: the longest sequence's length
};

/// The other way: [T, N, ...], or [N, T, ...], with `padding_value` behind the sequences' ends, and their
/// lengths, in the order that they had before they were packed. Throws ValueError for a total_length below
/// the longest. Source: torch.nn.utils.rnn.pad_packed_sequence.
XGRAD_API std::pair<Tensor, Tensor> pad_packed_sequence(const PackedSequence& sequence,
                                                        PadOptions options = {});
/// Sequences [T_i, ...] in one tensor [T, N, ...], or [N, T, ...], with `padding_value` behind their ends.
/// Throws ShapeError, ValueError for none. Source: torch.nn.utils.rnn.pad_sequence.
XGRAD_API Tensor pad_sequence(const std::vector<Tensor>& sequences, bool batch_first = false,
                              double padding_value = 0);

}  // namespace xgrad::nn::utils

#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

std::vector<Tensor> tensors(const A& a) {
  return a.json("tensors").empty() ? std::vector<Tensor>() : a.tensors("tensors");
}

/// f(tensors).
Call joined(Tensor (*call)(std::span<const Tensor>)) {
  return [call](const A& a) { return Outputs{call(tensors(a))}; };
}
/// f(input, shape).
Call shaped(Tensor (*call)(const Tensor&, const Shape&), const std::string& shape) {
  return [=](const A& a) { return Outputs{call(a.tensor("input"), a.ints(shape))}; };
}
/// f(input, integer).
Call with_integer(Tensor (*call)(const Tensor&, std::int64_t), const std::string& name) {
  return [=](const A& a) { return Outputs{call(a.tensor("input"), a.integer(name))}; };
}
/// f(input, integer, integer).
Call with_two(Tensor (*call)(const Tensor&, std::int64_t, std::int64_t), const std::string& first,
              const std::string& second) {
  return [=](const A& a) { return Outputs{call(a.tensor("input"), a.integer(first), a.integer(second))}; };
}
std::optional<std::int64_t> optional_integer(const A& a, const std::string& name) {
  return a.is_null(name) ? std::nullopt : std::optional(a.integer(name));
}
Tensor int64_vector(const Shape& numbers) {
  return tensor(std::vector<std::int64_t>(numbers.begin(), numbers.end()));
}

Rows view_rows() {
  return {
      {"shape/reshape", shaped(reshape, "shape")},
      {"shape/view", shaped(view, "shape")},
      {"shape/transpose", with_two(transpose, "dim0", "dim1")},
      {"shape/swapaxes", with_two(swapaxes, "axis0", "axis1")},
      {"shape/permute", shaped(permute, "dims")},
      {"shape/t", unary(t)},
      {"shape/mT", unary(mT)},
      {"shape/squeeze",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         return Outputs{a.is_null("dim") ? squeeze(x) : squeeze(x, a.integer("dim"))};
       }},
      {"shape/unsqueeze", with_integer(unsqueeze, "dim")},
      {"shape/expand", shaped(expand, "size")},
      {"shape/broadcast_to", shaped(broadcast_to, "size")},
      {"shape/expand_as", binary(expand_as)},
      {"shape/broadcast_tensors", [](const A& a) { return Outputs{broadcast_tensors(tensors(a))}; }},
      {"shape/broadcast_shapes",
       [](const A& a) {
         std::vector<Shape> shapes;
         for (const Json& shape : a.json("shapes")) {
           auto sizes = shape.get<std::vector<std::int64_t>>();
           shapes.emplace_back(sizes.begin(), sizes.end());
         }
         Outputs sizes;  // a 0-d tensor for each, as the files have it
         for (std::int64_t size : broadcast_shapes(shapes)) sizes.push_back(tensor(size));
         return sizes;
       }},
      {"shape/flatten", with_two(flatten, "start_dim", "end_dim")},
      {"shape/unflatten",
       [](const A& a) { return Outputs{unflatten(a.tensor("input"), a.integer("dim"), a.ints("sizes"))}; }},
      {"shape/ravel", unary(ravel)},
      {"shape/atleast_1d", unary(atleast_1d)},
      {"shape/atleast_2d", unary(atleast_2d)},
      {"shape/atleast_3d", unary(atleast_3d)},
      {"shape/movedim",
       [](const A& a) {
         return Outputs{movedim(a.tensor("input"), a.ints("source"), a.ints("destination"))};
       }},
      {"shape/contiguous", unary(contiguous)},
      {"shape/clone", unary(clone)},
      {"shape/tensor_unfold",
       [](const A& a) {
         return Outputs{
             unfold(a.tensor("input"), a.integer("dimension"), a.integer("size"), a.integer("step"))};
       }},
      {"shape/as_strided",
       [](const A& a) {
         return Outputs{
             as_strided(a.tensor("input"), a.ints("size"), a.ints("stride"), a.integer("storage_offset"))};
       }},
      {"shape/sum_to_size", shaped(sum_to_size, "size")},
      {"shape/tensor_shape_info",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         return Outputs{int64_vector(x.shape()), tensor(static_cast<std::int64_t>(x.ndim())),
                        tensor(x.numel())};
       }},
  };
}

Rows joining_rows() {
  return {
      {"shape/cat", [](const A& a) { return Outputs{cat(tensors(a), a.integer("dim"))}; }},
      {"shape/stack", [](const A& a) { return Outputs{stack(tensors(a), a.integer("dim"))}; }},
      {"shape/hstack", joined(hstack)},
      {"shape/vstack", joined(vstack)},
      {"shape/dstack", joined(dstack)},
      {"shape/column_stack", joined(column_stack)},
      {"shape/block_diag", joined(block_diag)},
      {"shape/split",
       [](const A& a) {
         const char* sizes = "split_size_or_sections";
         const Tensor& x = a.tensor("input");
         return a.json(sizes).is_array() ? split(x, a.ints(sizes), a.integer("dim"))
                                         : split(x, a.integer(sizes), a.integer("dim"));
       }},
      {"shape/chunk",
       [](const A& a) { return chunk(a.tensor("input"), a.integer("chunks"), a.integer("dim")); }},
      {"shape/tensor_split",
       [](const A& a) {
         const char* cuts = "indices_or_sections";
         const Tensor& x = a.tensor("input");
         return a.json(cuts).is_array() ? tensor_split(x, a.ints(cuts), a.integer("dim"))
                                        : tensor_split(x, a.integer(cuts), a.integer("dim"));
       }},
      {"shape/unbind", [](const A& a) { return unbind(a.tensor("input"), a.integer("dim")); }},
      {"shape/narrow",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         return Outputs{a.is_tensor("start")
                            ? narrow(x, a.integer("dim"), a.tensor("start"), a.integer("length"))
                            : narrow(x, a.integer("dim"), a.integer("start"), a.integer("length"))};
       }},
      {"shape/select",
       [](const A& a) { return Outputs{select(a.tensor("input"), a.integer("dim"), a.integer("index"))}; }},
      {"shape/slice",
       [](const A& a) {
         return Outputs{slice(a.tensor("input"), a.integer("dim"), optional_integer(a, "start"),
                              optional_integer(a, "end"), a.integer("step"))};
       }},
  };
}

Rows rearranging_rows() {
  return {
      {"shape/repeat", shaped(repeat, "repeats")},
      {"shape/tile", shaped(tile, "dims")},
      {"shape/repeat_interleave",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         auto dim = optional_integer(a, "dim");
         return Outputs{a.is_tensor("repeats") ? repeat_interleave(x, a.tensor("repeats"), dim)
                                               : repeat_interleave(x, a.integer("repeats"), dim)};
       }},
      {"shape/flip", shaped(flip, "dims")},
      {"shape/fliplr", unary(fliplr)},
      {"shape/flipud", unary(flipud)},
      {"shape/rot90",
       [](const A& a) { return Outputs{rot90(a.tensor("input"), a.integer("k"), a.ints("dims"))}; }},
      {"shape/roll",
       [](const A& a) {
         return Outputs{
             roll(a.tensor("input"), a.ints("shifts"), a.is_null("dims") ? Shape() : a.ints("dims"))};
       }},
      {"shape/pad",
       [](const A& a) {
         return Outputs{pad(a.tensor("input"), a.ints("pad"), a.text("mode"), a.number("value"))};
       }},
      {"shape/diag", with_integer(diag, "diagonal")},
      {"shape/diagonal",
       [](const A& a) {
         return Outputs{
             diagonal(a.tensor("input"), a.integer("offset"), a.integer("dim1"), a.integer("dim2"))};
       }},
      {"shape/diag_embed",
       [](const A& a) {
         return Outputs{
             diag_embed(a.tensor("input"), a.integer("offset"), a.integer("dim1"), a.integer("dim2"))};
       }},
      {"shape/diagflat", with_integer(diagflat, "offset")},
      {"shape/tril", with_integer(tril, "diagonal")},
      {"shape/triu", with_integer(triu, "diagonal")},
  };
}

}  // namespace

Rows shape_rows() {
  Rows rows;
  for (auto part : {view_rows, joining_rows, rearranging_rows}) rows.merge(part());
  return rows;
}

}  // namespace conformance

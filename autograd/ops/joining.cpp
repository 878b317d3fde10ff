#include <xgrad/autograd/ops/joining.hpp>

#include <fmt/format.h>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/padding.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

template <class Function>
std::vector<Tensor> each_of(const char* name, std::span<const Tensor> tensors, const Function& function) {
  if (tensors.empty()) throw ValueError(fmt::format("{}: expected at least one tensor, got none", name));
  std::vector<Tensor> results;
  results.reserve(tensors.size());
  for (const Tensor& tensor : tensors) results.push_back(function(tensor));
  return results;
}

}  // namespace

Tensor hstack(std::span<const Tensor> tensors) {
  std::vector<Tensor> parts = each_of("hstack", tensors, atleast_1d);
  return cat(parts, parts[0].ndim() == 1 ? 0 : 1);
}

Tensor vstack(std::span<const Tensor> tensors) { return cat(each_of("vstack", tensors, atleast_2d), 0); }

Tensor dstack(std::span<const Tensor> tensors) { return cat(each_of("dstack", tensors, atleast_3d), 2); }

Tensor column_stack(std::span<const Tensor> tensors) {
  auto column = [](const Tensor& x) { return x.ndim() < 2 ? reshape(x, {x.numel(), 1}) : x; };
  return cat(each_of("column_stack", tensors, column), 1);
}

Tensor block_diag(std::span<const Tensor> tensors) {
  if (tensors.empty()) return empty({1, 0});
  std::int64_t total = 0;
  std::vector<Tensor> blocks = each_of("block_diag", tensors, [&](const Tensor& x) {
    if (x.ndim() > 2) {
      throw ShapeError(fmt::format("block_diag: expected matrices, vectors and 0-d tensors, got shape {}",
                                   to_string(x.shape())));
    }
    Tensor block = atleast_2d(x);
    total += block.shape()[1];
    return block;
  });
  std::int64_t start = 0;
  for (Tensor& block : blocks) {
    std::int64_t width = block.shape()[1];
    block = pad(block, {start, total - start - width});
    start += width;
  }
  return cat(blocks, 0);
}

std::vector<Tensor> tensor_split(const Tensor& x, std::int64_t sections, std::int64_t dim) {
  if (x.ndim() == 0) throw IndexError("tensor_split: a 0-d tensor has no dimension to cut");
  std::int64_t total = x.size(dim);
  if (sections <= 0 || sections > std::int64_t{1} << 28) {
    throw ValueError(fmt::format(
        "tensor_split: expected a positive number of sections that memory can hold, got {}", sections));
  }
  Shape sizes = Shape::filled(static_cast<std::size_t>(sections), total / sections);
  for (std::int64_t i = 0; i < total % sections; ++i) ++sizes[static_cast<std::size_t>(i)];
  return split(x, sizes, dim);
}

std::vector<Tensor> tensor_split(const Tensor& x, const Shape& indices, std::int64_t dim) {
  if (x.ndim() == 0) throw IndexError("tensor_split: a 0-d tensor has no dimension to cut");
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (std::int64_t index : indices) {
    parts.push_back(slice(x, dim, start, index));
    start = index;
  }
  parts.push_back(slice(x, dim, start));
  return parts;
}

}  // namespace xgrad

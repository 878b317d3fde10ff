#include <xgrad/autograd/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/kernels/indexing.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/elementwise.hpp>
#include <xgrad/autograd/ops/reduction.hpp>

namespace xgrad {
namespace {

/// The shape with its -1 filled in.
Shape resolved(const char* name, const Shape& shape, std::int64_t elements, const Shape& from) {
  Shape result = shape;
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  bool overflow = false;
  for (std::int64_t& size : result) {
    if (size == -1 && open == nullptr)
      open = &size;
    else if (size < 0)
      throw ShapeError(
          fmt::format("{}: expected sizes of 0 or more and at most one -1, got {}", name, to_string(shape)));
    else
      overflow |= __builtin_mul_overflow(known, size, &known);
  }
  if (overflow) known = -1;
  if (open != nullptr && known > 0 && elements % known == 0) {
    *open = elements / known;
    known = elements;
  } else if (open != nullptr) {
    known = -1;
  }
  if (known != elements) {
    throw ShapeError(fmt::format("{}: {} has {} elements, which do not fit {}", name, to_string(from),
                                 elements, to_string(shape)));
  }
  return result;
}

Tensor reshaped(const Tensor& x, Array numbers) {
  return record_view("reshape", x, std::move(numbers),
                     [from = x.shape()](const Tensor& g) { return reshape(g, from); });
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  Shape target = resolved("reshape", shape, x.numel(), x.shape());
  Array numbers = x.array().try_reshape(target);
  if (numbers.defined()) return reshaped(x, std::move(numbers));
  return reshape(clone(x), target);
}

Tensor view(const Tensor& x, const Shape& shape) {
  Shape target = resolved("view", shape, x.numel(), x.shape());
  Array numbers = x.array().try_reshape(target);
  if (!numbers.defined()) {
    throw ShapeError(
        fmt::format("view: {} with strides {} cannot be seen as {} without a copy; use reshape()",
                    to_string(x.shape()), to_string(x.strides()), to_string(shape)));
  }
  return reshaped(x, std::move(numbers));
}

Tensor flatten(const Tensor& x, std::int64_t start_dim, std::int64_t end_dim) {
  std::size_t first = wrap_dim("flatten", start_dim, x.ndim());
  std::size_t last = wrap_dim("flatten", end_dim, x.ndim());
  if (first > last)
    throw ShapeError(fmt::format("flatten: start_dim {} comes after end_dim {}", start_dim, end_dim));
  if (x.ndim() == 0) return reshape(x, {1});
  Shape shape(x.shape().begin(), x.shape().begin() + first);
  std::int64_t joined = 1;
  for (std::size_t i = first; i <= last; ++i) joined *= x.shape()[i];
  shape.push_back(joined);
  for (std::size_t i = last + 1; i < x.ndim(); ++i) shape.push_back(x.shape()[i]);
  return reshape(x, shape);
}

Tensor ravel(const Tensor& x) { return reshape(x, {-1}); }

Tensor unflatten(const Tensor& x, std::int64_t dim, const Shape& sizes) {
  if (sizes.empty()) throw ShapeError("unflatten: expected at least one size, got none");
  if (x.ndim() == 0) throw IndexError("unflatten: a 0-d tensor has no dimension to cut");
  std::size_t at = wrap_dim("unflatten", dim, x.ndim());
  Shape parts = resolved("unflatten", sizes, x.shape()[at], {x.shape()[at]});
  Shape shape(x.shape().begin(), x.shape().begin() + at);
  for (std::int64_t size : parts) shape.push_back(size);
  for (std::size_t i = at + 1; i < x.ndim(); ++i) shape.push_back(x.shape()[i]);
  return reshape(x, shape);
}

Tensor clone(const Tensor& x) {
  return record("clone", kernels::clone(x.array()), gradient(x, [](const Tensor& g) { return g; }));
}

Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : clone(x); }

Tensor to(const Tensor& x, DType dtype) {
  if (dtype == x.dtype()) return x;
  Array numbers = kernels::cast(x.array(), dtype);
  if (!is_floating(dtype)) return Tensor(std::move(numbers));
  return record("to", std::move(numbers),
                gradient(x, [from = x.dtype()](const Tensor& g) { return to(g, from); }));
}

// Joining -------------------------------------------------------------------------------------------

namespace {

/// A node with any number of inputs, each of which receives its part of the gradient.
class CatNode final : public Node {
 public:
  CatNode(std::span<const Tensor> parts, std::size_t dim)
      : Node("cat"), storage_(parts.size()), sizes_(parts.size()), dim_(static_cast<std::int64_t>(dim)) {
    set_edges(storage_.data(), static_cast<std::uint32_t>(storage_.size()));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      sizes_[i] = parts[i].shape()[dim];
      if (parts[i].requires_grad()) connect(static_cast<std::uint32_t>(i), parts[i], nullptr);
    }
  }

 private:
  void backward(Backward& context) override {
    Tensor g = std::move(context.gradient());
    std::int64_t start = 0;
    for (std::uint32_t i = 0; i < sizes_.size(); ++i) {
      if (context.wants(i)) context.send(i, narrow(g, dim_, start, sizes_[i]));
      start += sizes_[i];
    }
  }

  std::vector<Edge> storage_;
  std::vector<std::int64_t> sizes_;
  std::int64_t dim_;
};

}  // namespace

Tensor cat(std::span<const Tensor> tensors, std::int64_t dim) {
  if (tensors.empty()) throw ValueError("cat: expected at least one tensor, got none");
  auto skipped = [](const Tensor& t) { return t.ndim() == 1 && t.numel() == 0; };
  const Tensor* model = &tensors[0];
  for (const Tensor& part : tensors) {
    if (part.ndim() == 0) throw ShapeError("cat: 0-d tensors cannot be joined; use stack()");
    if (skipped(*model)) model = &part;
  }
  std::size_t at = wrap_dim("cat", dim, model->ndim());
  DType dtype = tensors[0].dtype();
  for (const Tensor& part : tensors) dtype = promote_types(dtype, part.dtype());
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& part = tensors[i];
    if (skipped(part) && model->ndim() != 1) continue;
    bool fits = part.ndim() == model->ndim();
    for (std::size_t d = 0; fits && d < part.ndim(); ++d)
      fits = d == at || part.shape()[d] == model->shape()[d];
    if (!fits) {
      throw ShapeError(
          fmt::format("cat: shapes must agree but in dimension {}: tensor 0 is {}, tensor {} is {}", at,
                      to_string(model->shape()), i, to_string(part.shape())));
    }
    parts.push_back(to(part, dtype));
  }
  std::vector<Array> arrays;
  arrays.reserve(parts.size());
  for (const Tensor& part : parts) arrays.push_back(part.array());
  Tensor joined(kernels::concatenate(arrays, at));
  if (is_grad_enabled() &&
      std::ranges::any_of(parts, [](const Tensor& part) { return part.requires_grad(); })) {
    attach(joined, make_node<CatNode>(parts, at));
  }
  return joined;
}

Tensor stack(std::span<const Tensor> tensors, std::int64_t dim) {
  if (tensors.empty()) throw ValueError("stack: expected at least one tensor, got none");
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!(tensors[i].shape() == tensors[0].shape())) {
      throw ShapeError(fmt::format("stack: expected equal shapes: tensor 0 is {}, tensor {} is {}",
                                   to_string(tensors[0].shape()), i, to_string(tensors[i].shape())));
    }
    parts.push_back(unsqueeze(tensors[i], dim));
  }
  return cat(parts, static_cast<std::int64_t>(wrap_dim("stack", dim, tensors[0].ndim() + 1)));
}

Tensor sum_to_size(const Tensor& x, const Shape& shape) {
  bool fits = shape.size() <= x.ndim();
  for (std::size_t i = 0; fits && i < shape.size(); ++i)
    fits = shape[i] == 1 || shape[i] == x.shape()[x.ndim() - shape.size() + i];
  if (!fits) {
    throw ShapeError(fmt::format("sum_to_size: {} does not broadcast to {}, the tensor's shape",
                                 to_string(shape), to_string(x.shape())));
  }
  std::size_t lead = x.ndim() - shape.size();
  Shape summed;
  for (std::size_t i = 0; i < x.ndim(); ++i) {
    if (i < lead || (shape[i - lead] == 1 && x.shape()[i] != 1))
      summed.push_back(static_cast<std::int64_t>(i));
  }
  return summed.empty() ? x : reshape(sum(x, summed, true), shape);
}

}  // namespace xgrad

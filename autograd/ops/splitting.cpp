// Tensors cut into parts, see shape.hpp: views whose gradients are joined by one node.

#include <fmt/format.h>

#include <algorithm>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/graph/record.hpp>
#include <xgrad/autograd/kernels/copy.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/shape.hpp>

namespace xgrad {
namespace {

/// The gradients of the parts as one array without a copy, where they lie in memory as the parts of one;
/// otherwise undefined.
Array joined_in_place(const std::vector<Tensor>& parts, std::size_t dim, const Shape& full) {
  const Array& first = parts[0].array();
  std::int64_t start = 0;
  for (const Tensor& part : parts) {
    const Array& array = part.array();
    if (!(array.storage() == first.storage()) || array.numel() == 0) return Array();
    if (array.offset() != first.offset() + start * first.strides()[dim]) return Array();
    for (std::size_t d = 0; d < full.size(); ++d) {
      if (array.strides()[d] != first.strides()[d]) return Array();
    }
    start += array.shape()[dim];
  }
  return first.view(full, first.strides());
}

class PartsNode final : public Node {
 public:
  /// With drops_dim the parts have size 1 in `dim`, and the results lack it.
  PartsNode(const char* name, const Tensor& x, std::size_t dim, const Shape& sizes, bool drops_dim)
      : Node(name, static_cast<std::uint32_t>(sizes.size())),
        full_(x.shape()),
        dtype_(x.dtype()),
        sizes_(sizes),
        dim_(dim),
        drops_dim_(drops_dim),
        buffers_(sizes.size()) {
    set_edges(&edge_, 1);
    connect(0, x);
  }

 private:
  void backward(Backward& context) override {
    if (!context.wants(0)) return;
    auto along = static_cast<std::int64_t>(dim_);
    std::vector<Tensor> parts(sizes_.size());
    Tensor nothing;
    for (std::uint32_t i = 0; i < parts.size(); ++i) {
      parts[i] = std::move(context.gradient(i));
      if (parts[i].defined()) {
        if (drops_dim_) parts[i] = unsqueeze(parts[i], along);
        continue;
      }
      Shape shape = full_;
      shape[dim_] = sizes_[i];
      if (!nothing.defined() || !(nothing.shape() == shape))
        nothing = expand(zeros(Shape::filled(shape.size(), 1), dtype_), shape);
      parts[i] = nothing;
    }
    if (!is_grad_enabled()) {
      if (Array whole = joined_in_place(parts, dim_, full_); whole.defined())
        return context.send(0, Tensor(std::move(whole)));
    }
    context.send(0, cat(parts, along));
  }
  Tensor& gradient_buffer(std::uint32_t index) noexcept override { return buffers_[index]; }

  Edge edge_;
  Shape full_;
  DType dtype_;
  Shape sizes_;
  std::size_t dim_;
  bool drops_dim_;
  std::vector<Tensor> buffers_;
};

/// Views of the parts, which have these sizes along `dim`.
std::vector<Tensor> cut(const char* name, const Tensor& x, std::size_t dim, const Shape& sizes,
                        bool drops_dim = false) {
  const Array& array = x.array();
  IntrusivePtr<NodeBase> node;
  if (must_record(x) && !sizes.empty()) node = make_node<PartsNode>(name, x, dim, sizes, drops_dim);
  std::vector<Tensor> parts;
  parts.reserve(sizes.size());
  std::int64_t start = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Shape shape = array.shape();
    Strides strides = array.strides();
    std::int64_t offset = sizes[i] == 0 ? 0 : start * strides[dim];
    shape[dim] = sizes[i];
    start += sizes[i];
    if (drops_dim) {
      shape.erase(dim);
      strides.erase(dim);
    }
    parts.emplace_back(array.view(std::move(shape), std::move(strides), offset));
    if (node) attach(parts.back(), node, static_cast<std::uint32_t>(i));
    link_view(parts.back(), x);
  }
  return parts;
}

/// Throws when there is no such dimension.
std::size_t dim_to_cut(const char* name, const Tensor& x, std::int64_t dim) {
  if (x.ndim() == 0) throw IndexError(fmt::format("{}: a 0-d tensor has no dimension to cut", name));
  return wrap_dim(name, dim, x.ndim());
}

/// Throws when the parts are so many that they alone fill the memory.
void check_parts(const char* name, std::int64_t parts) {
  constexpr std::int64_t most = std::int64_t{1} << 28;
  if (parts > most) throw ValueError(fmt::format("{}: {} parts are more than memory can hold", name, parts));
}

}  // namespace

std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim) {
  std::size_t at = dim_to_cut("split", x, dim);
  std::int64_t total = x.shape()[at];
  if (size < 0 || (size == 0 && total > 0))
    throw ValueError(fmt::format("split: expected a positive size, got {}", size));
  if (size > 0) check_parts("split", total / size);
  Shape sizes;
  std::int64_t start = 0;
  do {
    sizes.push_back(std::min(size, total - start));
    start += sizes.back();
  } while (start < total);
  return cut("split", x, at, sizes);
}

std::vector<Tensor> split(const Tensor& x, const Shape& sizes, std::int64_t dim) {
  std::size_t at = dim_to_cut("split", x, dim);
  std::int64_t total = x.shape()[at];
  std::int64_t rest = total;
  for (std::int64_t size : sizes) rest = size < 0 || size > rest ? -1 : rest - size;
  if (rest != 0) {
    throw ShapeError(
        fmt::format("split: expected sizes of 0 or more that add up to {}, the size of dimension "
                    "{}, got {}",
                    total, dim, to_string(sizes)));
  }
  return cut("split", x, at, sizes);
}

std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim) {
  std::int64_t total = x.shape()[dim_to_cut("chunk", x, dim)];
  if (chunks <= 0)
    throw ValueError(fmt::format("chunk: expected a positive number of chunks, got {}", chunks));
  if (total == 0) {
    check_parts("chunk", chunks);
    return split(x, Shape::filled(static_cast<std::size_t>(chunks), 0), dim);
  }
  return split(x, total / chunks + (total % chunks != 0 ? 1 : 0), dim);
}

std::vector<Tensor> unbind(const Tensor& x, std::int64_t dim) {
  std::size_t at = dim_to_cut("unbind", x, dim);
  check_parts("unbind", x.shape()[at]);
  return cut("unbind", x, at, Shape::filled(static_cast<std::size_t>(x.shape()[at]), 1), true);
}

}  // namespace xgrad

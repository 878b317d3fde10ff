#include "arguments.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace conformance {

using namespace xgrad;

namespace {

Precision precision = Precision::float64;

DType read_dtype(const std::string& name) {
  if (name == "float64") return default_dtype();
  for (DType dtype : {boolean, uint8, int32, int64, float32, float64}) {
    if (xgrad::name(dtype) == name) return dtype;
  }
  throw std::runtime_error("unknown dtype " + name);
}

double rounded(double number) {
  return precision == Precision::float64 ? number : static_cast<double>(static_cast<float>(number));
}

bool is_tensor_text(const Json& text) {
  return text.is_object() && text.contains("dtype") && text.contains("data");
}

}  // namespace

void set_precision(Precision wanted) {
  precision = wanted;
  set_default_dtype(wanted == Precision::float32 ? float32 : float64);
}

Scalar read_number(const Json& text) {
  if (text.is_string()) {
    auto word = text.get<std::string>();
    return word == "nan" ? NAN : word == "inf" ? INFINITY : -INFINITY;
  }
  if (text.is_boolean()) return text.get<bool>();
  if (text.is_number_integer()) return text.get<std::int64_t>();
  return rounded(text.get<double>());
}

Tensor read_tensor(const Json& text) {
  auto sizes = text.at("shape").get<std::vector<std::int64_t>>();
  Tensor tensor = empty(Shape(sizes.begin(), sizes.end()), read_dtype(text.at("dtype")));
  dispatch(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::int64_t i = 0;
    for (const Json& number : text.at("data")) tensor.data<T>()[i++] = read_number(number).template to<T>();
  });
  auto layout = text.value("layout", std::string());
  if (layout == "transposed") {
    Shape reversed;
    for (std::size_t i = tensor.ndim(); i-- > 0;) reversed.push_back(static_cast<std::int64_t>(i));
    tensor = tensor.permute(reversed).clone().permute(reversed).detach();
  } else if (layout == "sliced") {
    tensor =
        stack({tensor, zeros_like(tensor)}, static_cast<std::int64_t>(tensor.ndim())).select(-1, 0).detach();
  }
  if (text.value("requires_grad", false)) tensor.requires_grad_();
  return tensor;
}

Arguments::Arguments(const Json& arguments) : json_(arguments) {
  for (const auto& [name, value] : json_.items()) {
    if (is_tensor_text(value)) {
      tensors_[name] = {read_tensor(value)};
    } else if ((value.is_object() || (value.is_array() && !value.empty())) &&
               std::ranges::all_of(value, is_tensor_text)) {
      auto& tensors = tensors_[name];
      for (const Json& item : value) tensors.push_back(read_tensor(item));
      if (!value.is_object()) continue;
      auto& names = names_[name];
      for (const auto& entry : value.items()) names.push_back(entry.key());
    }
  }
  for (const auto& [name, tensors] : tensors_) {
    for (const Tensor& tensor : tensors) copies_[name].push_back(tensor.detach().clone());
  }
}

const Tensor& Arguments::tensor(const std::string& name) const { return tensors_.at(name).front(); }
const std::vector<Tensor>& Arguments::tensors(const std::string& name) const { return tensors_.at(name); }

DType Arguments::dtype(const std::string& name) const { return read_dtype(text(name)); }
std::optional<DType> Arguments::optional_dtype(const std::string& name) const {
  return is_null(name) ? std::nullopt : std::optional(dtype(name));
}

bool Arguments::unchanged() const {
  for (const auto& [name, tensors] : tensors_) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const Tensor& copy = copies_.at(name)[i];
      Tensor now = tensors[i].detach();
      bool same = now.dtype() == copy.dtype() && now.shape() == copy.shape() &&
                  allclose(now, copy, 0, 0, /*equal_nan=*/true);
      if (!same) return false;
    }
  }
  return true;
}

Shape Arguments::ints(const std::string& name) const {
  auto values = json_.at(name).get<std::vector<std::int64_t>>();
  return {values.begin(), values.end()};
}

Dims Arguments::dims(const std::string& name) const {
  const Json& value = json_.at(name);
  if (value.is_null()) return std::nullopt;
  if (value.is_number()) return Shape{value.get<std::int64_t>()};
  return ints(name);
}

}  // namespace conformance

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <xgrad/xgrad.hpp>

/// The arguments of one conformance case, and the table that maps an operation's name to a call.
namespace conformance {

using Json = nlohmann::ordered_json;
using xgrad::Scalar;
using xgrad::Shape;
using xgrad::Tensor;

/// How the float64 numbers of the files are read.
enum class Precision {
  float64,  ///< as they are
  rounded,  ///< to the nearest float32 number, as float64
  float32   ///< as float32
};
/// Sets the precision for what is read from now on, and the default dtype with it.
void set_precision(Precision precision);

/// A tensor as the files write it, with its layout and whether it requires a gradient.
Tensor read_tensor(const Json& text);
/// A number as the files write it: "nan" and "inf" are strings; a whole number without a point is an integer.
Scalar read_number(const Json& text);

/// All arguments of a call, by name. Each tensor is made once, so that its gradient can be asked for.
class Arguments {
 public:
  explicit Arguments(const Json& arguments);

  const Tensor& tensor(const std::string& name) const;
  const std::vector<Tensor>& tensors(const std::string& name) const;
  /// The names of the tensors of an object, in its order.
  const std::vector<std::string>& names(const std::string& name) const { return names_.at(name); }
  bool is_null(const std::string& name) const { return json_.at(name).is_null(); }
  bool is_tensor(const std::string& name) const { return tensors_.contains(name); }
  Scalar number(const std::string& name) const { return read_number(json_.at(name)); }
  double real(const std::string& name) const { return number(name).to<double>(); }
  std::int64_t integer(const std::string& name) const { return number(name).to<std::int64_t>(); }
  bool flag(const std::string& name) const { return json_.at(name).get<bool>(); }
  std::string text(const std::string& name) const { return json_.at(name).get<std::string>(); }
  Shape ints(const std::string& name) const;
  /// A dtype by its name; float64 stands for the floating dtype that is being tested.
  xgrad::DType dtype(const std::string& name) const;
  std::optional<xgrad::DType> optional_dtype(const std::string& name) const;
  /// A list of dimensions, one dimension, or null: all.
  xgrad::Dims dims(const std::string& name) const;
  const Json& json(const std::string& name) const { return json_.at(name); }

  /// Whether every tensor still holds the numbers and has the version that it was made with.
  bool unchanged() const;

 private:
  Json json_;
  std::map<std::string, std::vector<Tensor>> tensors_;
  std::map<std::string, std::vector<std::string>> names_;
  std::map<std::string, std::vector<Tensor>> copies_;
};

using Outputs = std::vector<Tensor>;
using Call = std::function<Outputs(const Arguments&)>;

/// Every operation that is supported, as "group/name".
const std::map<std::string, Call>& table();

/// The cases, as "group/name case", whose answer is not ours on purpose, with the reason.
const std::map<std::string, std::string>& exceptions();

}  // namespace conformance

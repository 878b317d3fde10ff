#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "random_shapes.hpp"

/// The table against the headers: every public function that takes and gives tensors has a row, or stands in
/// the list of those without a gradient.

namespace random_shapes {
namespace {

/// Operations whose results have no gradient, and what is not an operation on tensors.
const std::set<std::string> without_gradient = {
    "all",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "bernoulli",
    "bincount",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "bucketize",
    "count_nonzero",
    "floor_divide",
    "full_like",
    "gcd",
    "heaviside",
    "histc",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "lcm",
    "linalg::matrix_rank",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "nonzero",
    "one_hot",
    "ones_like",
    "searchsorted",
    "signbit",
    "unique",
    "unique_consecutive",
    "zeros_like",
};

/// The name of the function that a line declares, if its result holds tensors and an argument is one.
std::string declared_name(const std::string& line) {
  std::size_t begin = line.find("XGRAD_API ");
  std::size_t skipped = 10;
  if (begin != 0) {
    begin = line.find("inline ");
    skipped = 7;
  }
  std::size_t open = line.find('(');
  if (begin != 0 || open == std::string::npos || line.find("Tensor", open) == std::string::npos) return "";
  std::size_t space = line.rfind(' ', open);
  std::string type = line.substr(skipped, space - skipped);
  std::string name = line.substr(space + 1, open - space - 1);
  bool gives_tensors =
      type.find("Tensor") != std::string::npos || type.find("linalg::") == 0 ||
      (!type.empty() && type[0] >= 'A' && type[0] <= 'Z' && type != "DType" && type != "Shape");
  return gives_tensors && name.find("operator") != 0 ? name : "";
}

std::set<std::string> declared() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(XGRAD_SOURCE_DIR "/autograd/ops")) {
    if (entry.path().extension() != ".hpp") continue;
    std::ifstream file(entry.path());
    std::string space;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("namespace ")) space = line.substr(10, line.find(' ', 10) - 10);
      if (line.starts_with("}  // namespace")) space = "xgrad";
      if (space.ends_with("detail")) continue;
      std::string name = declared_name(line);
      if (name.empty()) continue;
      std::string prefix = space.ends_with("linalg") ? "linalg::" : space == "special" ? "special::" : "";
      names.insert(prefix + name);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("random shapes: every operation of the headers has a row or no gradient") {
  std::set<std::string> rows;
  for (auto family : {elementwise_rows, activation_rows, reduction_rows, shape_rows, indexing_rows,
                      matrix_rows, window_rows, loss_rows}) {
    for (const Row& row : family()) rows.insert(row.name);
  }
  std::set<std::string> names = declared();
  CHECK(names.size() > 300);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK_MESSAGE(rows.contains(name) != without_gradient.contains(name),
                  "expected a row in tests/ops/random_shapes, or a place in without_gradient, and not both");
  }
  for (const std::string& name : without_gradient) CHECK_MESSAGE(names.contains(name), name << " is gone");
}

}  // namespace random_shapes

#include "arguments.hpp"

namespace conformance {

const std::map<std::string, std::string>& exceptions() {
  static const std::map<std::string, std::string> all = {};
  return all;
}

}  // namespace conformance

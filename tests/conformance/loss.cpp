#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

Rows loss_rows() { return {}; }

}  // namespace conformance

#include <xgrad/autograd/array/error.hpp>

namespace xgrad {

// Out of line, so that each class has its type information in the library alone and is caught across it.
Error::~Error() = default;
ShapeError::~ShapeError() = default;
DTypeError::~DTypeError() = default;
IndexError::~IndexError() = default;
ValueError::~ValueError() = default;
GraphError::~GraphError() = default;
FileError::~FileError() = default;

}  // namespace xgrad

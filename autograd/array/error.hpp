#pragma once

#include <stdexcept>
#include <string>

#include <xgrad/autograd/array/export.hpp>

namespace xgrad {

/// The base of everything xgrad throws. A message names the operation, what was expected, what came for
/// each operand, and the likely fix.
class XGRAD_API Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
  ~Error() override;
};

/// Shapes or numbers of dimensions do not fit together.
class XGRAD_API ShapeError : public Error {
 public:
  using Error::Error;
  ~ShapeError() override;
};

/// An operation does not exist for the dtype it was given.
class XGRAD_API DTypeError : public Error {
 public:
  using Error::Error;
  ~DTypeError() override;
};

/// A dimension, an index or a slice is out of range.
class XGRAD_API IndexError : public Error {
 public:
  using Error::Error;
  ~IndexError() override;
};

/// An argument has a value that the operation does not accept.
class XGRAD_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};

/// The graph was misused: backward twice, a saved tensor changed in place, a leaf changed in place...
class XGRAD_API GraphError : public Error {
 public:
  using Error::Error;
  ~GraphError() override;
};

/// A file is missing, short, foreign or damaged. The message names the file and the place in it.
class XGRAD_API FileError : public Error {
 public:
  using Error::Error;
  ~FileError() override;
};

}  // namespace xgrad

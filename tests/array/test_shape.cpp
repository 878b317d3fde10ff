#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/array/shape.hpp>

using xgrad::Shape;

namespace {

Shape counted(std::size_t dims) {
  Shape shape;
  for (std::size_t i = 0; i < dims; ++i) shape.push_back(static_cast<std::int64_t>(i) + 1);
  return shape;
}

bool is_counted(const Shape& shape, std::size_t dims) {
  if (shape.size() != dims) return false;
  for (std::size_t i = 0; i < dims; ++i) {
    if (shape[i] != static_cast<std::int64_t>(i) + 1) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a shape holds any number of dimensions") {
  for (std::size_t dims : {0, 1, 5, 6, 11, 64}) {
    CAPTURE(dims);
    Shape shape = counted(dims);
    CHECK(is_counted(shape, dims));
    CHECK(shape.empty() == (dims == 0));
  }
}

TEST_CASE("shapes are copied, moved and assigned, inside the object and on the heap") {
  for (std::size_t dims : {0, 3, 5, 6, 9}) {
    for (std::size_t other_dims : {0, 4, 7, 20}) {
      CAPTURE(dims);
      CAPTURE(other_dims);
      const Shape shape = counted(dims);
      Shape copy(shape);
      CHECK(is_counted(copy, dims));
      Shape moved(std::move(copy));
      CHECK(is_counted(moved, dims));

      Shape assigned = counted(other_dims);
      assigned = shape;
      CHECK(is_counted(assigned, dims));
      CHECK(is_counted(shape, dims));
      Shape moved_to = counted(other_dims);
      moved_to = std::move(assigned);
      CHECK(is_counted(moved_to, dims));
      moved_to = *&moved_to;
      CHECK(is_counted(moved_to, dims));
    }
  }
}

TEST_CASE("a shape that was moved from is empty and can be used again") {
  for (std::size_t dims : {3, 9}) {
    Shape shape = counted(dims);
    Shape moved(std::move(shape));
    CHECK(shape.empty());  // NOLINT(bugprone-use-after-move)
    shape.push_back(1);
    CHECK(is_counted(shape, 1));
    CHECK(is_counted(moved, dims));
  }
}

TEST_CASE("dimensions are inserted and erased") {
  Shape shape{1, 2, 4, 5, 6};
  shape.insert(2, 3);  // to the heap
  CHECK(is_counted(shape, 6));
  shape.insert(6, 7);
  CHECK(is_counted(shape, 7));
  shape.erase(6);
  CHECK(is_counted(shape, 6));
  shape.erase(0);
  CHECK(shape == Shape{2, 3, 4, 5, 6});
}

TEST_CASE("shapes are made from other lists of integers") {
  std::vector<unsigned> values{2, 3, 4};
  CHECK(Shape(values.begin(), values.end()) == Shape{2, 3, 4});
  CHECK(Shape::filled(7, 1) == Shape{1, 1, 1, 1, 1, 1, 1});
}

TEST_CASE("shapes are equal when all dimensions are") {
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK(Shape{2, 3} != Shape{2, 3, 1});
  CHECK(Shape{2, 3} != Shape{3, 2});
  CHECK(counted(8) == counted(8));
}

TEST_CASE("elements is the product of all dimensions") {
  CHECK(Shape{}.elements() == 1);
  CHECK(Shape{2, 3, 4}.elements() == 24);
  CHECK(Shape{2, 0, 4}.elements() == 0);
}

TEST_CASE("shapes are written in brackets") {
  CHECK(to_string(Shape{}) == "[]");
  CHECK(to_string(Shape{2, 3}) == "[2, 3]");
}

TEST_CASE("row-major strides count elements") {
  CHECK(xgrad::contiguous_strides({2, 3, 4}) == Shape{12, 4, 1});
  CHECK(xgrad::contiguous_strides({}).empty());
}

TEST_CASE("shapes broadcast by NumPy's rule") {
  using xgrad::broadcast_shapes;
  CHECK(broadcast_shapes("add", {2, 3}, {2, 3}) == Shape{2, 3});
  CHECK(broadcast_shapes("add", {2, 3}, {}) == Shape{2, 3});
  CHECK(broadcast_shapes("add", {3}, {2, 3}) == Shape{2, 3});
  CHECK(broadcast_shapes("add", {2, 1}, {3}) == Shape{2, 3});
  CHECK(broadcast_shapes("add", {1, 3}, {2, 1}) == Shape{2, 3});
  CHECK(broadcast_shapes("add", {0}, {1}) == Shape{0});
  CHECK(broadcast_shapes("add", {1, 1, 1, 1, 1, 1, 4}, {5, 1}) == Shape{1, 1, 1, 1, 1, 5, 4});
}

TEST_CASE("shapes that do not broadcast are named in the error") {
  CHECK_THROWS_AS(xgrad::broadcast_shapes("add", {2, 3}, {2, 4}), xgrad::ShapeError);
  CHECK_THROWS_AS(xgrad::broadcast_shapes("add", {0}, {2}), xgrad::ShapeError);
  std::string message;
  try {
    xgrad::broadcast_shapes("add", {2, 3}, {4});
  } catch (const xgrad::Error& error) {
    message = error.what();
  }
  CHECK(message.find("add: ") == 0);
  CHECK(message.find("[2, 3]") != std::string::npos);
  CHECK(message.find("[4]") != std::string::npos);
}

TEST_CASE("negative dimensions count from the back") {
  CHECK(xgrad::wrap_dim("sum", 0, 3) == 0);
  CHECK(xgrad::wrap_dim("sum", 2, 3) == 2);
  CHECK(xgrad::wrap_dim("sum", -1, 3) == 2);
  CHECK(xgrad::wrap_dim("sum", -3, 3) == 0);
  CHECK(xgrad::wrap_dim("sum", 0, 0) == 0);
  CHECK(xgrad::wrap_dim("sum", -1, 0) == 0);
}

TEST_CASE("dimensions out of range throw") {
  CHECK_THROWS_AS(xgrad::wrap_dim("sum", 3, 3), xgrad::IndexError);
  CHECK_THROWS_AS(xgrad::wrap_dim("sum", -4, 3), xgrad::IndexError);
  CHECK_THROWS_AS(xgrad::wrap_dim("sum", 1, 0), xgrad::IndexError);
  CHECK_THROWS_WITH_AS(xgrad::wrap_dim("sum", 5, 2), doctest::Contains("sum: dimension 5"),
                       xgrad::IndexError);
}

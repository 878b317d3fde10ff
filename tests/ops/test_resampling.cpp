#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

const Tensor line = numbers({{{1, 2, 4, 8}}});
const Tensor image = numbers({{{{1, 2}, {3, 4}}}});

Operation resizing(const char* name, const InterpolateOptions& options, const Tensor& example,
                   const Tensor& expected, std::vector<std::vector<Shape>> shapes,
                   std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [options](const std::vector<Tensor>& in) { return interpolate(in[0], options); },
          .example = {example},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

Operation of_one(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& example,
                 const Tensor& expected, std::vector<std::vector<Shape>> shapes,
                 std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {example},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

}  // namespace

TEST_CASE("interpolation in every mode has the value and the gradients that it should") {
  const Operation rows[] = {
      resizing("nearest", {.size = {6}}, line, numbers({{{1, 1, 2, 4, 4, 8}}}),
               {{{2, 1, 5}}, {{1, 2, 9}}, {{0, 2, 3}}}, {{{4}}, {{1, 4}}, {{1, 1, 0}}, {{1, 0, 4}}}),
      resizing("nearest by a factor", {.scale_factor = {0.5}}, line, numbers({{{1, 4}}}),
               {{{1, 1, 5}}, {{1, 1, 3, 4}}, {{1, 1, 2, 3, 2}}}, {{{1, 1, 1}}}),
      resizing("nearest-exact", {.size = {2}, .mode = "nearest-exact"}, line, numbers({{{2, 8}}}),
               {{{1, 2, 5}}, {{1, 1, 3, 4}}}),
      resizing("linear", {.size = {8}, .mode = "linear"}, line,
               numbers({{{1, 1.25, 1.75, 2.5, 3.5, 5, 7, 8}}}), {{{2, 1, 3}}, {{1, 2, 12}}, {{0, 1, 3}}},
               {{{1, 1, 3, 3}}}),
      resizing("linear with the corners aligned", {.size = {7}, .mode = "linear", .align_corners = true},
               line, numbers({{{1, 1.5, 2, 3, 4, 6, 8}}}), {{{1, 1, 3}}, {{1, 1, 1}}}),
      resizing(
          "bilinear", {.scale_factor = {2}, .mode = "bilinear"}, image,
          numbers(
              {{{{1, 1.25, 1.75, 2}, {1.5, 1.75, 2.25, 2.5}, {2.5, 2.75, 3.25, 3.5}, {3, 3.25, 3.75, 4}}}}),
          {{{2, 1, 2, 3}}, {{1, 1, 1, 4}}}, {{{1, 1, 3}}}),
      resizing("bilinear to smaller sizes", {.size = {1, 3}, .mode = "bilinear", .align_corners = false},
               image, numbers({{{{2, 2.5, 3}}}}), {{{1, 2, 4, 5}}}),
      resizing("trilinear", {.size = {1, 1, 3}, .mode = "trilinear"}, image.unsqueeze(2),
               numbers({{{{{2, 2.5, 3}}}}}), {{{1, 1, 2, 3, 2}}}, {{{1, 1, 3, 3}}}),
      resizing("bicubic with the corners aligned", {.size = {2, 3}, .mode = "bicubic", .align_corners = true},
               image, numbers({{{{1, 1.5, 2}, {3, 3.5, 4}}}}), {{{1, 1, 3, 4}}, {{1, 2, 5, 2}}},
               {{{1, 1, 3}}}),
      resizing("bicubic", {.size = {3, 5}, .mode = "bicubic"}, image, Tensor(),
               {{{1, 1, 3, 4}}, {{2, 1, 6, 6}}}),
      resizing("area", {.size = {3}, .mode = "area"}, line, numbers({{{1.5, 3, 6}}}),
               {{{1, 1, 5}}, {{1, 2, 2}}, {{1, 1, 4, 5}}, {{1, 1, 2, 3, 4}}}),
      resizing("bilinear, antialiased", {.size = {1, 2}, .mode = "bilinear", .antialias = true},
               numbers({{{{1, 2, 4, 8}}}}), numbers({{{{13. / 7, 38. / 7}}}}),
               {{{1, 1, 5, 7}}, {{1, 1, 2, 2}}}, {{{1, 1, 3}}}),
      resizing("bicubic, antialiased", {.size = {2, 3}, .mode = "bicubic", .antialias = true}, image,
               Tensor(), {{{1, 1, 5, 7}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("interpolation of a constant, or to the same size, changes nothing") {
  for (const char* mode : {"nearest", "nearest-exact", "bilinear", "bicubic", "area"}) {
    CAPTURE(mode);
    Tensor constant = full({1, 2, 5, 4}, 3.0, float64);
    for (const Shape& size : {Shape{3, 9}, Shape{11, 2}, Shape{1, 1}})
      CHECK(check::agree(interpolate(constant, {.size = size, .mode = mode}),
                         full({1, 2, size[0], size[1]}, 3.0, float64), 1e-14));
    Tensor x = rand({1, 2, 5, 4}, float64);
    Tensor y = interpolate(x, {.size = {5, 4}, .mode = mode});
    CHECK(check::agree(y, x, 1e-15));
    CHECK_FALSE(y.array().storage() == x.array().storage());
  }
  CHECK(interpolate(ones({1, 1, 3}), {.scale_factor = {0.2}, .mode = "area"}).shape() == Shape{1, 1, 0});
  CHECK(equal(interpolate(tensor({{{1, 2}}}, uint8), {.size = {4}}), tensor({{{1, 1, 2, 2}}}, uint8)));
}

TEST_CASE("interpolation that cannot be is an error") {
  Tensor x = zeros({1, 1, 4, 4});
  CHECK_THROWS_AS(interpolate(x, {}), ValueError);
  CHECK_THROWS_AS(interpolate(x, {.size = {2}, .scale_factor = {2}}), ValueError);
  CHECK_THROWS_AS(interpolate(x, {.size = {2, 2, 2}}), ShapeError);
  CHECK_THROWS_AS(interpolate(x, {.size = {2, 0}}), ShapeError);
  CHECK_THROWS_AS(interpolate(x, {.size = {2, -1}}), ShapeError);
  CHECK_THROWS_AS(interpolate(x, {.size = {huge}}), ShapeError);
  CHECK_THROWS_AS(interpolate(x, {.scale_factor = {0.1}}), ShapeError);
  for (double factor : {0.0, -1.0, 1e30, double(NAN), double(INFINITY)})
    CHECK_THROWS_AS(interpolate(x, {.scale_factor = {factor}}), ValueError);
  CHECK_THROWS_AS(interpolate(x, {.size = {2}, .mode = "cubic"}), ValueError);
  CHECK_THROWS_AS(interpolate(x, {.size = {2}, .mode = "area", .align_corners = false}), ValueError);
  CHECK_THROWS_AS(interpolate(x, {.size = {2}, .antialias = true}), ValueError);
  CHECK_THROWS_AS(interpolate(x, {.size = {2}, .recompute_scale_factor = true}), ValueError);
  CHECK_THROWS_AS(interpolate(x.to(int64), {.size = {2}}), DTypeError);
  CHECK_THROWS_AS(interpolate(x.to(uint8), {.size = {2}, .mode = "bilinear"}), DTypeError);
}

// Grids
// -------------------------------------------------------------------------------------------------------

TEST_CASE("an image read at a grid has the value and the gradients that it should") {
  Tensor centers = numbers({{{{-0.5, -0.5}, {0, 0}, {0.5, 0.5}, {1, 0}}}});
  auto sampling = [&](const char* name, const GridSampleOptions& options, const Tensor& expected,
                      std::vector<std::vector<Shape>> shapes, double reach = 1.4) {
    return Operation{
        .name = name,
        .call = [options](const std::vector<Tensor>& in) { return grid_sample(in[0], in[1], options); },
        .example = {image, centers},
        .expected = expected,
        .shapes = std::move(shapes),
        .throwing = {{{1, 1, 2, 2}, {2, 1, 1, 2}},
                     {{1, 1, 2, 2}, {1, 1, 1, 3}},
                     {{1, 2, 2}, {1, 1, 2}},
                     {{1, 1, 0, 2}, {1, 1, 1, 2}},
                     {{1, 1, 2, 2, 2}, {1, 1, 1, 2}}},
        .low = -reach,
        .high = reach,
        .tolerance = 1e-10};
  };
  std::vector<Shape> plane{{2, 2, 3, 4}, {2, 2, 3, 2}};
  std::vector<Shape> space{{1, 2, 2, 3, 2}, {1, 2, 1, 2, 3}};
  const Operation rows[] = {
      sampling("grid_sample", {}, numbers({{{{1, 2.5, 4, 1.5}}}}),
               {plane, space, {{0, 1, 2, 2}, {0, 1, 1, 2}}}),
      sampling("grid_sample at the border", {.padding_mode = "border"}, numbers({{{{1, 2.5, 4, 3}}}}),
               {plane, space}),
      sampling("grid_sample reflecting", {.padding_mode = "reflection"}, numbers({{{{1, 2.5, 4, 3}}}}),
               {plane, space}),
      sampling("grid_sample with the corners aligned", {.align_corners = true},
               numbers({{{{1.75, 2.5, 3.25, 3}}}}), {plane, space}),
      sampling("grid_sample reflecting at the corners", {.padding_mode = "reflection", .align_corners = true},
               numbers({{{{1.75, 2.5, 3.25, 3}}}}), {plane}),
      sampling("grid_sample, nearest", {.mode = "nearest"}, numbers({{{{1, 1, 4, 0}}}}), {plane, space}, 1),
      sampling("grid_sample, bicubic", {.mode = "bicubic"}, Tensor(), {plane}),
      sampling("grid_sample, bicubic, border", {.mode = "bicubic", .padding_mode = "border"}, Tensor(),
               {plane}),
      sampling("grid_sample, bicubic, reflecting",
               {.mode = "bicubic", .padding_mode = "reflection", .align_corners = true}, Tensor(), {plane}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("grids may lead anywhere") {
  Tensor places = tensor({{{{1e30, 0.}, {-1e30, 0.}, {INFINITY, 0.}, {-INFINITY, 0.}}}});
  for (const char* mode : {"bilinear", "nearest", "bicubic"}) {
    for (bool align : {false, true}) {
      Tensor zero = grid_sample(ones({1, 1, 3, 3}), places, {.mode = mode, .align_corners = align});
      CHECK(equal(zero, zeros({1, 1, 1, 4})));
      for (const char* outside : {"border", "reflection"}) {
        Tensor one = grid_sample(ones({1, 1, 3, 3}), places,
                                 {.mode = mode, .padding_mode = outside, .align_corners = align});
        CHECK(check::agree(one, ones({1, 1, 1, 4}), 1e-6));
      }
      Tensor nowhere = full({1, 2, 2, 2}, NAN);
      CHECK(grid_sample(ones({1, 1, 1, 1}), nowhere,
                        {.mode = mode, .padding_mode = "reflection", .align_corners = align})
                .shape() == Shape{1, 1, 2, 2});
    }
  }
  Tensor x = zeros({1, 1, 2, 2});
  CHECK_THROWS_AS(grid_sample(x, places, {.mode = "linear"}), ValueError);
  CHECK_THROWS_AS(grid_sample(x, places, {.padding_mode = "wrap"}), ValueError);
  CHECK_THROWS_AS(grid_sample(x, places.to(float64)), DTypeError);
  CHECK_THROWS_AS(grid_sample(x.to(int64), places.to(int64)), DTypeError);
  CHECK_THROWS_AS(grid_sample(zeros({1, 1, 2, 2, 2}), zeros({1, 1, 1, 1, 3}), {.mode = "bicubic"}),
                  ValueError);
}

TEST_CASE("an image and a grid that depend on one another receive each its own gradient") {
  Tensor x = rand({1, 2, 3, 3}, float64);
  auto f = [](const Tensor& v) { return grid_sample(v, tanh(v).permute({0, 2, 3, 1})); };
  CHECK(gradcheck(f, {x}));
  CHECK(gradgradcheck(f, {x}));
}

TEST_CASE("affine grids read what they say") {
  Tensor identity = numbers({{{1, 0, 0}, {0, 1, 0}}});
  const Operation rows[] = {
      of_one("affine_grid", [](const Tensor& x) { return affine_grid(x, {1, 1, 1, 2}); },
             numbers({{{2, 0, 1}, {0, 1, 0.5}}}), numbers({{{{0, 0.5}, {2, 0.5}}}}), {{{1, 2, 3}}},
             {{{2, 3}}, {{2, 2, 3}}, {{1, 3, 4}}}),
      of_one("affine_grid with the corners aligned",
             [](const Tensor& x) { return affine_grid(x, {1, 1, 2, 1}, true); }, identity,
             numbers({{{{0, -1}}, {{0, 1}}}}), {{{1, 2, 3}}}),
      of_one("affine_grid in space", [](const Tensor& x) { return affine_grid(x, {1, 2, 2, 3, 2}); },
             eye(3, 4, float64).unsqueeze(0), Tensor(), {{{1, 3, 4}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
  Tensor x = rand({1, 3, 4, 5}, float64);
  for (bool align : {false, true}) {
    Tensor grid = affine_grid(identity, x.shape(), align);
    CHECK(check::agree(grid_sample(x, grid, {.align_corners = align}), x, 1e-12));
  }
  CHECK_THROWS_AS(affine_grid(identity, {1, 1, 0, 2}), ShapeError);
  CHECK_THROWS_AS(affine_grid(identity, {1, 2}), ShapeError);
  CHECK_THROWS_AS(affine_grid(identity.to(int64), {1, 1, 2, 2}), DTypeError);
}

// Patches
// -----------------------------------------------------------------------------------------------------

TEST_CASE("patches and shuffles have the value and the gradients that they should") {
  Tensor square = arange(1, 10).to(float64).reshape({1, 1, 3, 3});
  const Operation rows[] = {
      of_one("unfold", [](const Tensor& x) { return unfold(x, {2, 2}); }, square,
             numbers({{{1, 2, 4, 5}, {2, 3, 5, 6}, {4, 5, 7, 8}, {5, 6, 8, 9}}}),
             {{{2, 3, 3, 4}}, {{2, 2, 2}}, {{0, 1, 2, 3}}}, {{{3, 3}}, {{1, 1, 1, 3}}, {{1, 0, 3, 3}}}),
      of_one("unfold with options",
             [](const Tensor& x) {
               return unfold(x, {2, 1}, {.dilation = {2, 1}, .padding = {1, 0}, .stride = {1, 2}});
             },
             square, numbers({{{0, 0, 1, 3, 4, 6}, {4, 6, 7, 9, 0, 0}}}), {{{1, 2, 3, 4}}, {{1, 1, 4, 5}}}),
      of_one("fold", [](const Tensor& x) { return fold(x, {3, 3}, {2}); },
             numbers({{{1, 2, 4, 5}, {2, 3, 5, 6}, {4, 5, 7, 8}, {5, 6, 8, 9}}}),
             numbers({{{{1, 4, 3}, {8, 20, 12}, {7, 16, 9}}}}), {{{1, 8, 4}}, {{4, 4}}, {{0, 4, 4}}},
             {{{1, 7, 4}}, {{1, 8, 5}}, {{1, 1, 8, 4}}, {{1, 0, 4}}}),
      of_one("fold with options",
             [](const Tensor& x) {
               return fold(x, {3, 4}, {2, 1}, {.dilation = {2, 1}, .padding = {1, 0}, .stride = {1, 2}});
             },
             ones({1, 2, 6}, float64), numbers({{{{1, 0, 1, 0}, {2, 0, 2, 0}, {1, 0, 1, 0}}}}),
             {{{1, 4, 6}}}),
      of_one("pixel_shuffle", [](const Tensor& x) { return pixel_shuffle(x, 2); },
             arange(1, 9).to(float64).reshape({1, 4, 1, 2}), numbers({{{{1, 3, 2, 4}, {5, 7, 6, 8}}}}),
             {{{4, 2, 1}}, {{2, 2, 4, 1, 1}}, {{0, 4, 2, 2}}}, {{{4, 2}}, {{3, 2, 2}}}),
      of_one("pixel_unshuffle", [](const Tensor& x) { return pixel_unshuffle(x, 2); },
             numbers({{{{1, 3, 2, 4}, {5, 7, 6, 8}}}}), arange(1, 9).to(float64).reshape({1, 4, 1, 2}),
             {{{1, 2, 4}}, {{2, 2, 1, 2, 2}}}, {{{2, 2}}, {{1, 3, 2}}}),
      of_one("channel_shuffle", [](const Tensor& x) { return channel_shuffle(x, 2); },
             numbers({{{1}, {2}, {3}, {4}, {5}, {6}}}), numbers({{{1}, {4}, {2}, {5}, {3}, {6}}}),
             {{{1, 4, 2}}, {{2, 2, 1, 2}}}, {{{2, 4}}, {{1, 3, 2}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
  CHECK_THROWS_AS(unfold(square, {0, 1}), ValueError);
  CHECK_THROWS_AS(unfold(square, {1, 1, 1}), ShapeError);
  CHECK_THROWS_AS(unfold(square, {1}, {.stride = {0}}), ValueError);
  CHECK_THROWS_AS(unfold(square, {1}, {.padding = {-1}}), ValueError);
  CHECK_THROWS_AS(unfold(square, {huge}), ValueError);
  CHECK_THROWS_AS(unfold(square, {1}, {.padding = {huge}}), ValueError);
  CHECK_THROWS_AS(unfold(square.to(int64), {1}), DTypeError);
  CHECK_THROWS_AS(fold(ones({1, 4, 4}, int64), {3}, {2}), DTypeError);
  CHECK_THROWS_AS(pixel_shuffle(square, 0), ValueError);
  CHECK_THROWS_AS(pixel_shuffle(square, huge), ValueError);
  CHECK_THROWS_AS(pixel_unshuffle(square, -1), ValueError);
  CHECK_THROWS_AS(channel_shuffle(square, 0), ValueError);
}

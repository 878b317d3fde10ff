#include <doctest/doctest.h>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::Operation;

namespace {

const Tensor block = arange(1, 12.5, 1.0, float64).reshape({3, 2, 2});

Operation reshaping(const char* name, std::function<Tensor(const Tensor&)> call, const Tensor& expected,
                    std::vector<std::vector<Shape>> shapes, std::vector<std::vector<Shape>> throwing = {}) {
  return {.name = name,
          .call = [call](const std::vector<Tensor>& in) { return call(in[0]); },
          .example = {block},
          .expected = expected,
          .shapes = std::move(shapes),
          .throwing = std::move(throwing)};
}

}  // namespace

TEST_CASE("operations on shapes have the value and the gradients that they should") {
  Tensor columns = numbers({{{1, 5, 9}, {3, 7, 11}}, {{2, 6, 10}, {4, 8, 12}}});
  const Operation rows[] = {
      reshaping("reshape", [](const Tensor& x) { return reshape(x, {-1, 4}); },
                numbers({{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}}), {{{2, 4}}, {{8}}, {{0, 4}}},
                {{{3}}, {{2, 3}}}),
      reshaping("view", [](const Tensor& x) { return clone(x).view({-1}); },
                numbers({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), {{{2, 3}}, {{}}, {{0}}}),
      reshaping("flatten", [](const Tensor& x) { return flatten(x, 1); },
                numbers({{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}}), {{{2, 3}}, {{2, 3, 2}}, {{0, 3}}},
                {{{}}, {{3}}}),
      reshaping("unflatten", [](const Tensor& x) { return unflatten(x, 0, {3, -1}); },
                block.reshape({3, 1, 2, 2}), {{{6, 2}}, {{3}}}, {{{}}, {{4}}}),
      reshaping("transpose", [](const Tensor& x) { return transpose(x, 0, -1); }, columns,
                {{{2, 3}}, {{3, 2, 2}}, {{0, 2}}, {{4}}, {{}}}),
      reshaping("permute", [](const Tensor& x) { return permute(x, {2, 1, 0}); }, columns,
                {{{2, 3, 4}}, {{2, 0, 1}}}, {{{2, 3}}, {{}}}),
      reshaping("movedim", [](const Tensor& x) { return movedim(movedim(x, 0, 2), 0, 1); }, columns,
                {{{2, 3, 4}}, {{1, 2, 3}}}, {{{2, 3}}}),
      reshaping("squeeze", [](const Tensor& x) { return squeeze(x.reshape({1, -1, 1})); },
                block.reshape({12}), {{{3}}, {{2, 2}}}),
      reshaping("squeeze of 1", [](const Tensor& x) { return squeeze(unsqueeze(x, 1), 1); }, block,
                {{{3}}, {{2, 2}}, {{0, 2}}}, {{{}}}),
      reshaping("unsqueeze", [](const Tensor& x) { return unsqueeze(x, -1); }, block.reshape({3, 2, 2, 1}),
                {{{}}, {{3}}, {{0, 2}}}),
      reshaping("expand", [](const Tensor& x) { return expand(unsqueeze(x, 0), {2, -1, -1, -1}); },
                stack({block, block}), {{{1, 2, 3}}, {{2, 1, 0}}}, {{{}}}),
      reshaping("slice", [](const Tensor& x) { return slice(x, 0, 1); }, block.narrow(0, 1, 2),
                {{{3, 2}}, {{1}}, {{0, 2}}}, {{{}}}),
      reshaping("slice with a step", [](const Tensor& x) { return slice(x, 0, -3, std::nullopt, 2); },
                numbers({{{1, 2}, {3, 4}}, {{9, 10}, {11, 12}}}), {{{5}}, {{4, 2}}, {{1, 3}}}, {{{}}}),
      reshaping("narrow", [](const Tensor& x) { return narrow(x, 0, 1, 1); }, numbers({{{5, 6}, {7, 8}}}),
                {{{3}}, {{2, 2}}}, {{{}}, {{1}}}),
      reshaping("select", [](const Tensor& x) { return select(x, 0, -1); }, numbers({{9, 10}, {11, 12}}),
                {{{3}}, {{2, 2}}, {{1, 0}}}, {{{}}, {{0}}}),
      reshaping("as_strided", [](const Tensor& x) { return as_strided(contiguous(x), {2, 2}, {1, 1}, 1); },
                numbers({{2, 3}, {3, 4}}), {{{4}}, {{2, 3}}}, {{{3}}, {{}}}),
      reshaping("clone", [](const Tensor& x) { return clone(x); }, block, {{{3}}, {{}}, {{0}}}),
      reshaping("contiguous", [](const Tensor& x) { return contiguous(x.transpose(0, -1)); }, columns,
                {{{2, 3}}, {{2, 3, 2}}}),
      reshaping(
          "cat", [](const Tensor& x) { return cat({x, x.slice(0, 0, 1), x}, 0); },
          cat({block.reshape({6, 2}), numbers({{1, 2}, {3, 4}}), block.reshape({6, 2})}).reshape({7, 2, 2}),
          {{{2, 3}}, {{3}}, {{1, 0}}}, {{{}}}),
      reshaping("stack", [](const Tensor& x) { return stack({x, x * 2}, 1); },
                cat({block.reshape({3, 1, 4}), block.reshape({3, 1, 4}) * 2}, 1).reshape({3, 2, 2, 2}),
                {{{2, 3}}, {{0}}, {{2}}}),
      reshaping("split",
                [](const Tensor& x) {
                  auto parts = split(x, 2);
                  return parts[0].sum() * parts[1];
                },
                numbers({{{324, 360}, {396, 432}}}), {{{3}}, {{4, 2}}}, {{{}}}),
      reshaping("chunk", [](const Tensor& x) { return chunk(x, 2)[1]; }, numbers({{{9, 10}, {11, 12}}}),
                {{{3}}, {{4, 2}}}, {{{}}}),
      reshaping("unbind",
                [](const Tensor& x) {
                  auto parts = unbind(x, 0);
                  return parts[0] * parts[1];
                },
                numbers({{5, 12}, {21, 32}}), {{{3}}, {{2, 2}}}, {{{}}}),
      reshaping("index_select", [](const Tensor& x) { return index_select(x, 0, tensor({2, 0, 2}, int64)); },
                stack({block[2], block[0], block[2]}), {{{3}}, {{4, 2}}, {{3, 0}}}, {{{2}}}),
      reshaping("gather", [](const Tensor& x) { return gather(x, 0, zeros({1, 2, 1}, int64) + 2); },
                numbers({{{9}, {11}}}), {{{3, 2, 1}}, {{4, 3, 2}}}, {{{2, 2, 2}}, {{3}}}),
      reshaping("scatter_add",
                [](const Tensor& x) {
                  return scatter_add(x.reshape({-1}).slice(0, 0, 3), {4}, 0, tensor({1, 3, 1}, int64));
                },
                numbers({0, 4, 0, 2}), {{{3}}, {{2, 2}}}),
      reshaping("to float32 and back", [](const Tensor& x) { return x.to(float32).to(x.dtype()) * 0 + x; },
                block, {{{2, 3}}, {{}}, {{0}}}),
  };
  for (const Operation& row : rows) check::check_operation(row);
}

TEST_CASE("views share memory, copies do not") {
  Tensor x = zeros({2, 3});
  for (const Tensor& view :
       {x.transpose(0, 1), x.reshape({3, 2}), x.select(0, 1), x.slice(1, 1, 3), x.unsqueeze(0),
        x.expand({4, 2, 3}), x.permute({1, 0}), x.flatten(), x.detach()}) {
    CHECK(view.array().storage() == x.array().storage());
  }
  for (const Tensor& copy : {x.clone(), x.t().contiguous(), x.t().reshape({6}), x + 0}) {
    CHECK_FALSE(copy.array().storage() == x.array().storage());
  }
  CHECK_THROWS_AS(x.t().view({6}), ShapeError);
}

TEST_CASE("xtensor's slices pick what they pick in xtensor") {
  Tensor x = arange(24).reshape({2, 3, 4});
  using namespace xt::placeholders;
  CHECK(equal(x(1, 2, 3), tensor(23, int64)));
  CHECK(equal(x(xt::all(), 1), x.select(1, 1)));
  CHECK(equal(x(0, xt::range(1, 3)), x.select(0, 0).slice(0, 1, 3)));
  CHECK(equal(x(0, xt::range(_, -1)), x.select(0, 0).slice(0, 0, 2)));
  CHECK(equal(x(xt::ellipsis(), xt::range(0, 4, 2)), x.slice(2, 0, 4, 2)));
  CHECK(x(xt::newaxis(), 0).shape() == Shape{1, 3, 4});
  CHECK(x(xt::ellipsis(), 0).shape() == Shape{2, 3});
  CHECK_THROWS_AS(x(2), IndexError);
  CHECK_THROWS_AS(x(0, 0, 0, 0), IndexError);
  Tensor y = zeros({2, 3}).requires_grad_();
  (y(xt::all(), xt::range(0, 2)) * 3).sum().backward();
  CHECK(equal(y.grad(), tensor({{3, 3, 0}, {3, 3, 0}})));
}

TEST_CASE(
    "xtensor arrays become tensors and tensors xtensor arrays without copies where the types allow it") {
  xt::xarray<double> a = {{1., 2., 3.}, {4., 5., 6.}};
  Tensor copied(a);
  CHECK(copied.dtype() == float64);
  CHECK(copied.shape() == Shape{2, 3});
  CHECK(equal(copied, numbers({{1, 2, 3}, {4, 5, 6}})));
  Tensor evaluated(a * 2. + 1.);
  CHECK(equal(evaluated, numbers({{3, 5, 7}, {9, 11, 13}})));
  const double* memory = a.data();
  Tensor taken(std::move(a));
  CHECK(taken.data<double>() == memory);
  xt::xtensor<float, 1> vector = {1, 2, 3};
  const float* vector_memory = vector.data();
  Tensor taken_1d(std::move(vector));
  CHECK(taken_1d.data<float>() == vector_memory);
  CHECK(equal(taken_1d, tensor({1, 2, 3})));
  auto seen = array<double>(taken);
  seen(1, 2) = 60;
  CHECK(taken.select(0, 1).select(0, 2).item() == 60);
  auto turned = array<double>(taken.t());
  CHECK(turned(2, 1) == 60);
  turned(0, 1) = 40;
  CHECK(taken.select(0, 1).select(0, 0).item() == 40);
  CHECK_THROWS_AS(array<float>(taken), DTypeError);
  xt::xarray<float> empty = xt::xarray<float>::from_shape({0, 3});
  CHECK(Tensor(empty).shape() == Shape{0, 3});
  xt::xtensor<int, 1> whole = {1, 2, 3};
  CHECK(equal(Tensor(whole), tensor({1, 2, 3}, int32)));
  CHECK(Tensor(xt::xarray<bool>{true, false}).dtype() == boolean);
}

TEST_CASE("nested braces make tensors of the default dtype") {
  Tensor x = tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}, {{9, 10}, {11, 12}}});
  CHECK(x.dtype() == float32);
  CHECK(x.shape() == Shape{3, 2, 2});
  CHECK(x.ndim() == 3);
  CHECK(x[1].shape() == Shape{2, 2});
  CHECK(equal(stack({x[0], x[1], x[2]}), x));
  CHECK(tensor(3).ndim() == 0);
  CHECK(tensor(3).dtype() == int64);
  CHECK(tensor({true, false}).dtype() == boolean);
  CHECK(tensor({1, 2}, int64).dtype() == int64);
  CHECK(tensor(std::vector<double>{1, 2, 3, 4}, Shape{2, 2}).shape() == Shape{2, 2});
  CHECK_THROWS_AS(tensor({{1, 2}, {3}}), ShapeError);
  CHECK_THROWS_AS(tensor({{1, 2}, 3}), ShapeError);
  CHECK_THROWS_AS(tensor(std::vector<float>{1, 2}, Shape{3}), ShapeError);
}

TEST_CASE("ranges and other creations have PyTorch's lengths and dtypes") {
  CHECK(equal(arange(5), tensor({0, 1, 2, 3, 4}, int64)));
  CHECK(equal(arange(5, 0, -2), tensor({5, 3, 1}, int64)));
  CHECK(arange(0, 1, 0.25).dtype() == float32);
  CHECK(arange(0, 1, 0.3).numel() == 4);
  CHECK(arange(3, 3).numel() == 0);
  CHECK_THROWS_AS(arange(0, 3, 0), ValueError);
  CHECK_THROWS_AS(arange(0, 3, -1), ValueError);
  CHECK(check::agree(linspace(0, 1, 5, float64), numbers({0, 0.25, 0.5, 0.75, 1}), 1e-15));
  CHECK(linspace(2, 3, 1).item() == 2);
  CHECK_THROWS_AS(linspace(0, 1, -1), ValueError);
  CHECK(equal(eye(2, 3), tensor({{1, 0, 0}, {0, 1, 0}})));
  CHECK(equal(full({2}, 7), tensor({7, 7}, int64)));
  CHECK_THROWS_AS(zeros({2, -1}), ShapeError);
  CHECK_THROWS_AS(zeros({std::int64_t{1} << 40, std::int64_t{1} << 40}), ShapeError);
  CHECK(equal(one_hot(tensor({1, 0, 2}, int64)), tensor({{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}, int64)));
  CHECK_THROWS_AS(one_hot(tensor({3}, int64), 3), ValueError);
}

TEST_CASE("random numbers follow from the seed") {
  manual_seed(7);
  Tensor a = randn({100});
  manual_seed(7);
  CHECK(equal(randn({100}), a));
  CHECK_FALSE(equal(randn({100}), a));
  Generator generator(7);
  CHECK(equal(randn({100}, std::nullopt, &generator), a));
  Tensor u = rand({10000});
  CHECK(amin(u).item() >= 0);
  CHECK(amax(u).item() < 1);
  CHECK(std::abs(u.mean().item() - 0.5) < 0.02);
  Tensor n = randint(-2, 3, {10000});
  CHECK(amin(n).item() == -2);
  CHECK(amax(n).item() == 2);
  CHECK(equal(sum(one_hot(randperm(50)), Shape{0}), ones({50}, int64)));
  CHECK(equal(bernoulli(tensor({0., 1.})), tensor({0, 1})));
  CHECK_THROWS_AS(bernoulli(tensor({1.5})), ValueError);
  CHECK_THROWS_AS(randint(3, 3, {2}), ValueError);
}

TEST_CASE("joining what does not fit is an error that names the tensors") {
  CHECK_THROWS_AS(cat({zeros({2, 3}), zeros({2, 4})}), ShapeError);
  CHECK_THROWS_AS(stack({zeros({2}), zeros({3})}), ShapeError);
  CHECK_THROWS_AS(cat({}), ValueError);
  CHECK(cat({zeros({0}), ones({2, 3})}).shape() == Shape{2, 3});
  CHECK(cat({ones({2}, int64), ones({1}, float64)}).dtype() == float64);
  CHECK_THROWS_AS(index_select(zeros({3}), 0, tensor({3}, int64)), IndexError);
  CHECK_THROWS_AS(index_select(zeros({3}), 0, tensor({-1}, int64)), IndexError);
  CHECK_THROWS_AS(index_select(zeros({3}), 0, tensor({1.0})), DTypeError);
}

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "check.hpp"

using namespace xgrad;
using check::numbers;
using check::spread_numbers;

namespace {

using Make = std::function<std::unique_ptr<optim::Optimizer>(const std::vector<Tensor>&)>;

template <class O, class Options>
Make with(Options options) {
  return [options](const std::vector<Tensor>& params) { return std::make_unique<O>(params, options); };
}

struct Row {
  const char* name;
  Make make;
};

std::vector<Row> rows() {
  return {
      {"SGD", with<optim::SGD>(optim::SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true})},
      {"Adam", with<optim::Adam>(optim::AdamOptions{.lr = 0.1, .amsgrad = true})},
      {"AdamW", with<optim::AdamW>(optim::AdamWOptions{.lr = 0.1})},
      {"Adagrad", with<optim::Adagrad>(optim::AdagradOptions{.lr = 0.1, .lr_decay = 0.1})},
      {"Adadelta", with<optim::Adadelta>(optim::AdadeltaOptions{})},
      {"RMSprop", with<optim::RMSprop>(optim::RMSpropOptions{.momentum = 0.5, .centered = true})},
      {"Adamax", with<optim::Adamax>(optim::AdamaxOptions{})},
      {"NAdam", with<optim::NAdam>(optim::NAdamOptions{})},
      {"RAdam", with<optim::RAdam>(optim::RAdamOptions{})},
      {"ASGD", with<optim::ASGD>(optim::ASGDOptions{})},
      {"Rprop", with<optim::Rprop>(optim::RpropOptions{})},
      {"Lion", with<optim::Lion>(optim::LionOptions{})},
      {"LAMB", with<optim::LAMB>(optim::LAMBOptions{})},
      {"Adafactor", with<optim::Adafactor>(optim::AdafactorOptions{})},
      {"Muon", with<optim::Muon>(optim::MuonOptions{})},
      {"SparseAdam", with<optim::SparseAdam>(optim::SparseAdamOptions{})},
  };
}

void give_gradients(const std::vector<Tensor>& params, int step) {
  std::uint64_t seed = 10 * static_cast<std::uint64_t>(step);
  for (Tensor p : params) p.set_grad(spread_numbers(p.shape(), -1, 1, {}, ++seed));
}

std::vector<Tensor> fresh_params() {
  return {spread_numbers({4, 3}, -1, 1, {}, 1).requires_grad_(),
          spread_numbers({2, 5}, -1, 1, {}, 2).requires_grad_()};
}

optim::OptimizerState copy_of(optim::OptimizerState state) {
  for (auto& [name, tensor] : state.tensors) tensor = tensor.clone();
  return state;
}

}  // namespace

TEST_CASE("an optimizer that takes up a state goes on bit for bit") {
  for (const Row& row : rows()) {
    INFO(row.name);
    std::vector<Tensor> params = fresh_params();
    auto optimizer = row.make(params);
    for (int step = 0; step < 7; ++step) {
      give_gradients(params, step);
      optimizer->step();
    }
    optimizer->set_lr(0.05);
    optim::OptimizerState state = copy_of(optimizer->state_dict());

    std::vector<Tensor> others;
    for (const Tensor& p : params) others.push_back(p.detach().clone().requires_grad_());
    auto other = row.make(others);
    other->load_state_dict(state);
    CHECK(other->lr() == 0.05);
    CHECK(other->steps(others[0]) == 7);
    for (int step = 7; step < 12; ++step) {
      give_gradients(params, step);
      give_gradients(others, step);
      optimizer->step();
      other->step();
    }
    for (std::size_t i = 0; i < params.size(); ++i) CHECK(equal(params[i], others[i]));
  }
}

TEST_CASE("LBFGS takes up its history") {
  auto step = [](optim::LBFGS& optimizer, const Tensor& x) {
    optimizer.step([&] {
      optimizer.zero_grad();
      Tensor loss = 100 * square(x[1] - square(x[0])) + square(1 - x[0]);
      loss.backward();
      return loss;
    });
  };
  optim::LBFGSOptions options{.max_iter = 3, .line_search_fn = optim::LineSearch::strong_wolfe};
  Tensor x = numbers({-1.5, 2}).requires_grad_();
  optim::LBFGS optimizer({x}, options);
  for (int i = 0; i < 3; ++i) step(optimizer, x);
  Tensor y = x.detach().clone().requires_grad_();
  optim::LBFGS other({y});
  optim::OptimizerState state = copy_of(optimizer.state_dict());
  other.load_state_dict(state);
  CHECK(other.options().line_search_fn == optim::LineSearch::strong_wolfe);
  for (int i = 0; i < 3; ++i) {
    step(optimizer, x);
    step(other, y);
  }
  CHECK(equal(x, y));
  state.tensors.erase("d");
  CHECK_THROWS_AS(other.load_state_dict(state), ValueError);
}

TEST_CASE("what does not fit an optimizer is named in one error, and nothing is changed") {
  std::vector<Tensor> params = fresh_params();
  optim::Adam optimizer(params, {.lr = 0.1});
  give_gradients(params, 1);
  optimizer.step();
  optim::OptimizerState before = copy_of(optimizer.state_dict());
  optim::OptimizerState wrong = before;
  wrong.tensors["0.exp_avg"] = numbers({1, 2});
  wrong.tensors["5.exp_avg"] = numbers({1, 2});
  wrong.numbers.erase("group.0.eps");
  CHECK_THROWS_WITH_AS(optimizer.load_state_dict(wrong),
                       "Adam: load_state_dict: group.0.eps is missing; 0.exp_avg is float64 [2] for the "
                       "parameter float64 [4, 3]; 5.exp_avg is unexpected; nothing was changed",
                       ValueError);
  for (auto [name, value] : {std::pair("group.0.lr", -1.0), std::pair("group.0.amsgrad", 0.5),
                             std::pair("0.step", 1.5), std::pair("group.0.size", 3.0)}) {
    INFO(name);
    wrong = before;
    wrong.numbers[name] = {value};
    CHECK_THROWS_AS(optimizer.load_state_dict(wrong), ValueError);
  }
  wrong = before;
  wrong.numbers["group.0.betas"] = {0.9};
  CHECK_THROWS_AS(optimizer.load_state_dict(wrong), ValueError);
  optim::OptimizerState after = optimizer.state_dict();
  CHECK(after.numbers == before.numbers);
  for (const auto& [name, tensor] : before.tensors) CHECK(equal(after.tensors.at(name), tensor));
}

TEST_CASE("groups keep their own options in a state, and a float32 model takes up a float64 one") {
  std::vector<Tensor> params = fresh_params();
  optim::SGD optimizer({{{params[0]}, {.lr = 0.1, .momentum = 0.5}}, {{params[1]}, {.lr = 0.2}}});
  give_gradients(params, 1);
  optimizer.step();
  std::vector<Tensor> singles;
  for (const Tensor& p : params) singles.push_back(p.detach().to(float32).requires_grad_());
  optim::SGD other({{{singles[0]}, {}}, {{singles[1]}, {}}});
  other.load_state_dict(optimizer.state_dict());
  CHECK(other.options(0).momentum == 0.5);
  CHECK(other.lr(1) == 0.2);
  CHECK(other.state(singles[0])[0].second.dtype() == float32);
}

// Training in two processes --------------------------------------------------------------------------

namespace {

constexpr int first_steps = 9, last_steps = 8, batch = 4;

/// A model with everything that a run consists of: dropout and the order of the data draw random numbers.
struct Training {
  Generator generator{17};
  nn::Sequential model = make_model(generator);
  optim::AdamW optimizer{model.parameters(), {.lr = 0.05}};
  optim::CosineAnnealingLR scheduler{optimizer, {.T_max = first_steps + last_steps}};
  Tensor x = spread_numbers({20, 3}, -1, 1, {}, 5);
  Tensor y = spread_numbers({20, 1}, -1, 1, {}, 6);
  Tensor order = randperm(20, &generator);
  std::int64_t place = 0;

  static nn::Sequential make_model(Generator& generator) {
    return nn::Sequential(nn::Linear(3, 6, {.dtype = float64, .generator = &generator}), nn::Tanh(),
                          nn::Dropout(0.2, &generator),
                          nn::Linear(6, 1, {.dtype = float64, .generator = &generator}));
  }
  void train(int steps) {
    for (int step = 0; step < steps; ++step) {
      if (place + batch > 20) {
        order = randperm(20, &generator);
        place = 0;
      }
      Tensor rows = order.slice(0, place, place + batch);
      place += batch;
      optimizer.zero_grad();
      nn::mse_loss(model(index_select(x, 0, rows)), index_select(y, 0, rows)).backward();
      optimizer.step();
      scheduler.step();
    }
  }
};

// A file of bytes, for this test alone.
void write_number(std::ostream& file, double number) {
  file.write(reinterpret_cast<const char*>(&number), sizeof number);
}
double read_number(std::istream& file) {
  double number = 0;
  file.read(reinterpret_cast<char*>(&number), sizeof number);
  REQUIRE(file.good());
  return number;
}
void write_text(std::ostream& file, const std::string& text) {
  write_number(file, static_cast<double>(text.size()));
  file << text;
}
std::string read_text(std::istream& file) {
  std::string text(static_cast<std::size_t>(read_number(file)), ' ');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}
void write_tensor(std::ostream& file, const Tensor& tensor) {
  Tensor numbers = tensor.detach().to(float64).contiguous();
  write_number(file, static_cast<double>(numbers.ndim()));
  for (std::int64_t size : numbers.shape()) write_number(file, static_cast<double>(size));
  for (std::int64_t i = 0; i < numbers.numel(); ++i) write_number(file, numbers.data<double>()[i]);
}
Tensor read_tensor(std::istream& file) {
  Shape shape;
  for (auto dims = static_cast<int>(read_number(file)); dims > 0; --dims)
    shape.push_back(static_cast<std::int64_t>(read_number(file)));
  Tensor tensor = empty(shape, float64);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor.data<double>()[i] = read_number(file);
  return tensor;
}
template <class Map, class Write>
void write_map(std::ostream& file, const Map& map, Write write) {
  write_number(file, static_cast<double>(std::ranges::distance(map)));
  for (const auto& [name, value] : map) {
    write_text(file, name);
    write(value);
  }
}

void save(const Training& run, const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary);
  auto tensor = [&](const Tensor& value) { write_tensor(file, value); };
  auto list = [&](const std::vector<double>& values) {
    write_number(file, static_cast<double>(values.size()));
    for (double value : values) write_number(file, value);
  };
  write_map(file, run.model.state_dict(), tensor);
  optim::OptimizerState state = run.optimizer.state_dict();
  write_map(file, state.tensors, tensor);
  write_map(file, state.numbers, list);
  write_map(file, run.scheduler.state_dict(), list);
  write_number(file, static_cast<double>(run.generator.seed()));
  write_number(file, static_cast<double>(run.generator.position()));
  write_tensor(file, run.order);
  write_number(file, static_cast<double>(run.place));
}

void load(Training& run, const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  auto list = [&] {
    std::vector<double> values(static_cast<std::size_t>(read_number(file)));
    for (double& value : values) value = read_number(file);
    return values;
  };
  auto for_entries = [&](auto entry) {
    for (auto count = static_cast<int>(read_number(file)); count > 0; --count) entry(read_text(file));
  };
  nn::NamedTensors model;
  for_entries([&](const std::string& name) { model.emplace_back(name, read_tensor(file)); });
  optim::OptimizerState state;
  for_entries([&](const std::string& name) { state.tensors[name] = read_tensor(file); });
  for_entries([&](const std::string& name) { state.numbers[name] = list(); });
  optim::SchedulerState scheduler;
  for_entries([&](const std::string& name) { scheduler[name] = list(); });
  run.model.load_state_dict(model);
  run.optimizer.load_state_dict(state);
  run.scheduler.load_state_dict(scheduler);
  run.generator.manual_seed(static_cast<std::uint64_t>(read_number(file)));
  run.generator.set_position(static_cast<std::uint64_t>(read_number(file)));
  run.order = read_tensor(file).to(int64);
  run.place = static_cast<std::int64_t>(read_number(file));
}

}  // namespace

TEST_CASE("the second process of a training run" * doctest::skip()) {
  const char* folder = std::getenv("XGRAD_TEST_FOLDER");
  REQUIRE(folder != nullptr);
  Training run;
  load(run, std::filesystem::path(folder) / "saved");
  run.train(last_steps);
  save(run, std::filesystem::path(folder) / "ended");
}

TEST_CASE("a run that is saved and goes on in a new process ends bit for bit as one that never stopped") {
  std::string pattern = (std::filesystem::temp_directory_path() / "xgrad_XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  std::filesystem::path folder = pattern;
  Training first;
  first.train(first_steps);
  save(first, folder / "saved");
  std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string command = "XGRAD_TEST_FOLDER='" + pattern + "' '" + program +
                        "' --no-skip -tc='the second process of a training run' > /dev/null";
  int status = std::system(command.c_str());
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);

  Training whole;
  whole.train(first_steps + last_steps);
  save(whole, folder / "expected");
  auto bytes = [&](const char* name) {
    std::ifstream file(folder / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  std::string ended = bytes("ended");
  CHECK(!ended.empty());
  CHECK(ended == bytes("expected"));
  CHECK(ended != bytes("saved"));
  std::filesystem::remove_all(folder);
}

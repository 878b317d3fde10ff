// Whole training runs: the loss of every step, and all parameters at the end.

#include <memory>

#include "module.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

/// The tensors of a run by name: parameters, buffers and, in `batch`, what a step is given.
class Run {
 public:
  explicit Run(const A& a) : names_(a.names("state_dict")) {
    const auto& given = a.tensors("state_dict");
    for (std::size_t i = 0; i < names_.size(); ++i) {
      Tensor own = given[i].detach().clone();
      if (!names_[i].starts_with("buffer.")) parameters_.push_back(own.requires_grad_());
      state_.push_back(own);
    }
  }
  const Tensor& operator()(const std::string& name) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return state_[i];
    }
    throw std::runtime_error("there is no tensor " + name);
  }
  const std::vector<Tensor>& parameters() const { return parameters_; }
  Outputs state() const {
    Outputs outputs;
    for (const Tensor& tensor : state_) outputs.push_back(tensor.detach());
    return outputs;
  }

 private:
  std::vector<std::string> names_;
  std::vector<Tensor> state_, parameters_;
};

using Loss = std::function<Tensor(const Run&, const Tensor& x, const Tensor& y)>;

double real_or(const Json& options, const char* name, double otherwise) {
  return options.contains(name) ? read_number(options.at(name)).to<double>() : otherwise;
}

template <class Options>
Options adam_options(const Json& json) {
  Options o;
  o.lr = real_or(json, "lr", o.lr);
  o.eps = real_or(json, "eps", o.eps);
  o.weight_decay = real_or(json, "weight_decay", o.weight_decay);
  if (json.contains("betas"))
    o.betas = {read_number(json["betas"][0]).to<double>(), read_number(json["betas"][1]).to<double>()};
  return o;
}

std::unique_ptr<optim::Optimizer> make_optimizer(const Json& json, const std::vector<Tensor>& parameters) {
  auto type = json.at("type").get<std::string>();
  const Json& o = json.at("options");
  if (type == "SGD") {
    return std::make_unique<optim::SGD>(parameters,
                                        optim::SGDOptions{.lr = real_or(o, "lr", 1e-3),
                                                          .momentum = real_or(o, "momentum", 0),
                                                          .dampening = real_or(o, "dampening", 0),
                                                          .weight_decay = real_or(o, "weight_decay", 0),
                                                          .nesterov = o.value("nesterov", false)});
  }
  if (type == "Adam") return std::make_unique<optim::Adam>(parameters, adam_options<optim::AdamOptions>(o));
  if (type == "AdamW")
    return std::make_unique<optim::AdamW>(parameters, adam_options<optim::AdamWOptions>(o));
  if (type == "RMSprop") {
    return std::make_unique<optim::RMSprop>(
        parameters, optim::RMSpropOptions{.lr = real_or(o, "lr", 1e-2),
                                          .alpha = real_or(o, "alpha", 0.99),
                                          .eps = real_or(o, "eps", 1e-8),
                                          .weight_decay = real_or(o, "weight_decay", 0),
                                          .momentum = real_or(o, "momentum", 0),
                                          .centered = o.value("centered", false)});
  }
  if (type == "LBFGS") {
    optim::LBFGSOptions options;
    options.lr = real_or(o, "lr", 1);
    options.max_iter = o.value("max_iter", options.max_iter);
    options.history_size = o.value("history_size", options.history_size);
    if (o.contains("line_search_fn") && !o["line_search_fn"].is_null())
      options.line_search_fn = optim::LineSearch::strong_wolfe;
    return std::make_unique<optim::LBFGS>(parameters, options);
  }
  throw std::runtime_error("there is no optimizer " + type);
}

std::unique_ptr<optim::LRScheduler> make_scheduler(const Json& json, optim::Optimizer& optimizer) {
  if (json.is_null()) return nullptr;
  auto type = json.at("type").get<std::string>();
  const Json& o = json.at("options");
  if (type == "LambdaLR") {
    std::vector<double> factors;
    for (const Json& factor : o.at("factors")) factors.push_back(read_number(factor).to<double>());
    return std::make_unique<optim::LambdaLR>(
        optimizer, [factors](std::int64_t t) { return factors.at(static_cast<std::size_t>(t)); });
  }
  if (type == "OneCycleLR") {
    return std::make_unique<optim::OneCycleLR>(
        optimizer, optim::OneCycleLROptions{.max_lr = real_or(o, "max_lr", 0),
                                            .total_steps = o.at("total_steps").get<std::int64_t>(),
                                            .cycle_momentum = o.value("cycle_momentum", true)});
  }
  throw std::runtime_error("there is no scheduler " + type);
}

Call training(Loss loss_of) {
  return [loss_of](const A& a) {
    Run run(a);
    auto optimizer = make_optimizer(a.json("optimizer"), run.parameters());
    auto scheduler = make_scheduler(a.json("scheduler"), *optimizer);
    const Json& batches = a.json("batches");
    std::vector<Tensor> losses;
    for (std::int64_t step = 0; step < a.integer("steps"); ++step) {
      const Json& batch = batches[static_cast<std::size_t>(step) % batches.size()];
      Tensor x = read_tensor(batch.at("x")), y = read_tensor(batch.at("y"));
      auto closure = [&] {
        optimizer->zero_grad();
        Tensor loss = loss_of(run, x, y);
        loss.backward();
        if (!a.is_null("clip_norm")) nn::utils::clip_grad_norm_(run.parameters(), a.real("clip_norm"));
        return loss;
      };
      auto* lbfgs = dynamic_cast<optim::LBFGS*>(optimizer.get());
      losses.push_back((lbfgs != nullptr ? lbfgs->step(closure) : optimizer->step(closure)).detach());
      if (scheduler != nullptr) scheduler->step();
    }
    Outputs outputs{stack(losses)};
    for (const Tensor& tensor : run.state()) outputs.push_back(tensor);
    return outputs;
  };
}

Tensor two_layers(const Run& run, const Tensor& x) {
  return linear(tanh(linear(x, run("w1"), run("b1"))), run("w2"), run("b2"));
}

Tensor xor_mlp(const Run& run, const Tensor& x, const Tensor& y) {
  return nn::binary_cross_entropy_with_logits(reshape(two_layers(run, x), y.shape()), y);
}

Tensor cnn(const Run& run, const Tensor& x, const Tensor& y) {
  Tensor h = max_pool2d(relu(conv2d(x, run("c1w"), run("c1b"), {.padding = 1})), 2);
  h = batch_norm(conv2d(h, run("c2w")), run("buffer.mean"), run("buffer.var"), run("bnw"), run("bnb"), true);
  Tensor scores = linear(mean(silu(h), Shape{2, 3}), run("fw"), run("fb"));
  return nn::cross_entropy(scores, y, {.label_smoothing = 0.1});
}

Tensor transformer(const Run& run, const Tensor& x, const Tensor& y) {
  auto norm = [&](const Tensor& h, const std::string& name) {
    return layer_norm(h, {4}, run(name + "w"), run(name + "b"));
  };
  std::int64_t batch = x.size(0), length = x.size(1);
  Tensor h = embedding(x, run("emb")) + narrow(run("pos"), 0, 0, length);
  std::vector<Tensor> parts = chunk(linear(norm(h, "ln1"), run("qkvw"), run("qkvb")), 3, -1);
  auto heads = [&](const Tensor& t) { return transpose(reshape(t, {batch, length, 2, 2}), 1, 2); };
  Tensor mixed =
      scaled_dot_product_attention(heads(parts[0]), heads(parts[1]), heads(parts[2]), {.is_causal = true});
  h = h + linear(reshape(transpose(mixed, 1, 2), {batch, length, 4}), run("ow"), run("ob"));
  h = h + linear(gelu(linear(norm(h, "ln2"), run("f1w"), run("f1b"))), run("f2w"), run("f2b"));
  Tensor logits = matmul(norm(h, "ln3"), run("emb").t());
  return nn::cross_entropy(reshape(logits, {batch * length, -1}), reshape(y, {-1}));
}

Tensor lstm_tagger(const Run& run, const Tensor& x, const Tensor& y) {
  Tensor words = transpose(embedding(x, run("emb"), {.padding_idx = 0}), 0, 1);
  Tensor start = zeros({x.size(0), 2}, words.dtype());
  std::vector<Tensor> directions;
  for (const char* suffix : {"_f", "_b"}) {
    auto weight = [&](const char* name) { return run(std::string(name) + suffix); };
    directions.push_back(lstm_layer(words, start, start,
                                    {weight("wih"), weight("whh"), weight("bih"), weight("bhh")},
                                    {.reverse = suffix[1] == 'b'})
                             .output);
  }
  Tensor scores = linear(transpose(cat(directions, -1), 0, 1), run("ow"), run("ob"));
  return nn::cross_entropy(flatten(scores, 0, 1), flatten(y), {.ignore_index = -1});
}

Tensor critic_penalty(const Run& run, const Tensor& x, const Tensor& y) {
  auto critic = [&](const Tensor& t) {
    return linear(softplus(linear(t, run("w1"), run("b1"))), run("w2"), run("b2"));
  };
  Tensor points = x.detach().clone().requires_grad_();
  Tensor scores = critic(points);
  Tensor slope = grad(sum(scores), points, Tensor(), {.create_graph = true});
  Tensor penalty = mean(square(linalg::vector_norm(slope, 2, Shape{1}) - 1));
  return mean(critic(y)) - mean(scores) + 10 * penalty;
}

Tensor regression(const Run& run, const Tensor& x, const Tensor& y) {
  return nn::mse_loss(two_layers(run, x), y) + 0.001 * (sum(square(run("w1"))) + sum(square(run("w2"))));
}

}  // namespace

Rows train_rows() {
  return {
      {"train/xor_mlp", training(xor_mlp)},
      {"train/cnn", training(cnn)},
      {"train/transformer", training(transformer)},
      {"train/lstm_tagger", training(lstm_tagger)},
      {"train/critic_penalty", training(critic_penalty)},
      {"train/regression", training(regression)},
  };
}

}  // namespace conformance

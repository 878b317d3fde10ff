#include <xgrad/optim/cosine_schedulers.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace xgrad::optim {
namespace {

using std::numbers::pi;

/// cos(pi * t / period).
double cosine(std::int64_t t, std::int64_t period) {
  return std::cos(pi * static_cast<double>(t) / static_cast<double>(period));
}

/// Between eta_min and the bases, where the cosine stands.
std::vector<double> annealed(std::vector<double> bases, double eta_min, double cosine) {
  for (double& base : bases) base = eta_min + (base - eta_min) * (1 + cosine) / 2;
  return bases;
}

}  // namespace

CosineAnnealingLR::CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLROptions options)
    : LRScheduler("CosineAnnealingLR", optimizer, options.last_epoch), options_(options) {
  require(options.T_max > 0, "a positive T_max", static_cast<double>(options.T_max));
  start();
}
std::vector<double> CosineAnnealingLR::lrs_at(std::int64_t epoch) const {
  return annealed(base_lrs_, options_.eta_min, cosine(epoch, options_.T_max));
}
std::vector<double> CosineAnnealingLR::next_lrs(std::int64_t epoch) const {
  std::vector<double> lrs = current_lrs();
  if (epoch == 0) return lrs;
  if (steps_ == 0) return lrs_at(epoch);  // resumed
  lrs.resize(std::min(lrs.size(), base_lrs_.size()));
  std::int64_t before = epoch - 1;
  bool from_minimum = before % options_.T_max == 0 && before / options_.T_max % 2 == 1;
  for (std::size_t group = 0; group < lrs.size(); ++group) {
    if (from_minimum) {
      lrs[group] += (base_lrs_[group] - options_.eta_min) * (1 - cosine(1, options_.T_max)) / 2;
    } else {
      lrs[group] = (1 + cosine(epoch, options_.T_max)) / (1 + cosine(before, options_.T_max)) *
                       (lrs[group] - options_.eta_min) +
                   options_.eta_min;
    }
  }
  return lrs;
}

CosineAnnealingWarmRestarts::CosineAnnealingWarmRestarts(Optimizer& optimizer,
                                                         CosineAnnealingWarmRestartsOptions options)
    : LRScheduler("CosineAnnealingWarmRestarts", optimizer, options.last_epoch),
      options_(options),
      T_cur_(static_cast<double>(options.last_epoch)),
      T_i_(static_cast<double>(options.T_0)) {
  require(options.T_0 > 0, "a positive T_0", static_cast<double>(options.T_0));
  require(options.T_mult >= 1, "a T_mult of 1 or more", static_cast<double>(options.T_mult));
  if (options.last_epoch >= 0) {
    Place place = place_of(static_cast<double>(options.last_epoch));
    T_cur_ = place.current;
    T_i_ = place.length;
  }
  start();
}

CosineAnnealingWarmRestarts::Place CosineAnnealingWarmRestarts::place_of(double epoch) const {
  auto length = static_cast<double>(options_.T_0);
  if (options_.T_mult == 1) return {std::fmod(epoch, length), length};
  while (epoch >= length) {
    epoch -= length;
    length *= static_cast<double>(options_.T_mult);
  }
  return {epoch, length};
}

std::vector<double> CosineAnnealingWarmRestarts::lrs_of(Place place) const {
  return annealed(base_lrs_, options_.eta_min, std::cos(pi * place.current / place.length));
}

std::vector<double> CosineAnnealingWarmRestarts::next_lrs(std::int64_t epoch) const {
  return lrs_of(place_of(static_cast<double>(epoch)));
}

void CosineAnnealingWarmRestarts::advance(std::optional<double> epoch) {
  if (!epoch && last_epoch_ < 0) epoch = 0;
  Place place = {T_cur_ + 1, T_i_};
  if (epoch) {
    place = place_of(*epoch);
  } else if (place.current >= place.length) {
    place = {place.current - place.length, place.length * static_cast<double>(options_.T_mult)};
  }
  commit(epoch ? static_cast<std::int64_t>(*epoch) : last_epoch_ + 1, lrs_of(place));
  T_cur_ = place.current;
  T_i_ = place.length;
}

std::vector<detail::StateField> CosineAnnealingWarmRestarts::state_fields() {
  auto fields = LRScheduler::state_fields();
  fields.push_back({"T_cur", &T_cur_});
  fields.push_back({"T_i", &T_i_});
  return fields;
}

WarmupCosineLR::WarmupCosineLR(Optimizer& optimizer, WarmupCosineLROptions options)
    : LRScheduler("WarmupCosineLR", optimizer, options.last_epoch), options_(options) {
  require(options.warmup_iters >= 0, "warmup_iters of 0 or more", static_cast<double>(options.warmup_iters));
  require(options.total_iters > options.warmup_iters, "total_iters beyond warmup_iters",
          static_cast<double>(options.total_iters));
  require(options.start_factor >= 0 && options.start_factor <= 1, "a start_factor in [0, 1]",
          options.start_factor);
  start();
}
std::vector<double> WarmupCosineLR::next_lrs(std::int64_t epoch) const {
  if (epoch < options_.warmup_iters) {
    double part = static_cast<double>(epoch) / static_cast<double>(options_.warmup_iters);
    return scaled_bases(options_.start_factor + (1 - options_.start_factor) * part);
  }
  std::int64_t length = options_.total_iters - options_.warmup_iters;
  return annealed(base_lrs_, options_.eta_min,
                  cosine(std::min(epoch - options_.warmup_iters, length), length));
}

}  // namespace xgrad::optim

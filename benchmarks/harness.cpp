#include "harness.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <regex>
#include <stdexcept>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace bench {
namespace {

struct Workload {
  std::string name;
  std::function<std::function<void()>()> prepare;
  double divide_by;
  std::function<double()> bytes;
};

std::vector<Workload>& workloads() {
  static std::vector<Workload> all;
  return all;
}

struct Options {
  std::string filter = ".*";
  int threads = 1;
  double min_time = 0.5;
  bool json = false;
  bool list = false;
  bool memory = false;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    auto value = [&]() -> std::string {
      if (i + 1 >= argc) throw std::invalid_argument(name + " needs a value");
      return argv[++i];
    };
    if (name == "--filter")
      options.filter = value();
    else if (name == "--threads")
      options.threads = std::stoi(value());
    else if (name == "--min-time")
      options.min_time = std::stod(value());
    else if (name == "--json")
      options.json = true;
    else if (name == "--list")
      options.list = true;
    else if (name == "--memory")
      options.memory = true;
    else
      throw std::invalid_argument(
          "unknown option " + name +
          "; known: --filter REGEX --threads N --min-time SECONDS --json --list --memory");
  }
  return options;
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Timing {
  double median_us;
  double best_us;
  std::size_t samples;
};

Timing measure(const std::function<void()>& call, double min_time) {
  auto timed = [&](long calls) {
    double start = seconds();
    for (long i = 0; i < calls; ++i) call();
    return seconds() - start;
  };
  timed(2);
  long calls = 1;
  for (double elapsed = timed(calls); elapsed < 2e-3; elapsed = timed(calls)) {
    calls = elapsed < 1e-5
                ? calls * 32
                : std::max(calls + 1, static_cast<long>(static_cast<double>(calls) * 2.6e-3 / elapsed));
  }
  std::vector<double> samples;
  double stop = seconds() + min_time;
  while (samples.size() < 7 || (seconds() < stop && samples.size() < 2000)) {
    samples.push_back(timed(calls) / static_cast<double>(calls) * 1e6);
  }
  std::ranges::sort(samples);
  return {samples[samples.size() / 2], samples[0], samples.size()};
}

double peak_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024;
  }
  return 0;
}

void report(const Options& options, const std::string& name, const Timing& timing) {
  if (options.json) {
    std::printf("{\"name\":\"%s\",\"median_us\":%.6g,\"best_us\":%.6g,\"samples\":%zu}\n", name.c_str(),
                timing.median_us, timing.best_us, timing.samples);
  } else {
    std::printf("%s\t%.6g\t%.6g\t%zu\n", name.c_str(), timing.median_us, timing.best_us, timing.samples);
  }
  std::fflush(stdout);
}

}  // namespace

void add(std::string name, std::function<std::function<void()>()> prepare, double divide_by) {
  workloads().push_back({std::move(name), std::move(prepare), divide_by, {}});
}

void add_bytes(std::string name, std::function<double()> measure) {
  workloads().push_back({std::move(name), {}, 1, std::move(measure)});
}

int run(int argc, char** argv) try {
  Options options = parse(argc, argv);
  std::regex filter(options.filter);
  xgrad::set_num_threads(options.threads);
  for (const Workload& workload : workloads()) {
    if (!std::regex_search(workload.name, filter)) continue;
    if (workload.bytes && !options.memory) continue;
    if (options.list) {
      std::printf("%s\n", workload.name.c_str());
    } else if (workload.bytes) {
      double bytes = workload.bytes();
      report(options, workload.name, {bytes, bytes, 1});
    } else {
      Timing timing = measure(workload.prepare(), options.min_time);
      report(options, workload.name,
             {timing.median_us / workload.divide_by, timing.best_us / workload.divide_by, timing.samples});
    }
  }
  if (options.memory && !options.list)
    report(options, "memory/peak_rss_bytes", {peak_bytes(), peak_bytes(), 1});
  return 0;
} catch (const std::exception& error) {
  std::cerr << "xgrad_bench: " << error.what() << "\n";
  return 2;
}

}  // namespace bench

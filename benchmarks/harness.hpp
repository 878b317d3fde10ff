#pragma once

#include <functional>
#include <string>

/// Times named workloads the way the peer's program does: warm-up, calls grouped into samples of at least 2
/// ms, samples for --min-time seconds and never fewer than 7, the median reported.
namespace bench {

/// Adds a workload: `prepare` builds its state and returns the call to time; the time is divided by
/// `divide_by`.
void add(std::string name, std::function<std::function<void()>()> prepare, double divide_by = 1);

/// Adds a figure that is no time: bytes, reported under a name that starts with "memory/".
void add_bytes(std::string name, std::function<double()> measure);

/// Runs what the command line asks for: [--filter REGEX] [--threads N] [--min-time SECONDS] [--json] [--list]
/// [--memory]. Lines: name, median us, best us, samples, separated by tabs. Returns the program's exit code.
int run(int argc, char** argv);

}  // namespace bench

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include <xgrad/autograd/array/memory.hpp>

namespace memory = xgrad::memory;

namespace {

constexpr std::size_t mebi = std::size_t{1} << 20U;

/// False under the address sanitizer, where every block comes from the system.
bool blocks_are_kept() {
  static const bool kept = [] {
    memory::deallocate(memory::allocate(100), 100);
    return memory::statistics().cached > 0;
  }();
  return kept;
}

/// Sizes around the borders of size classes.
std::vector<std::size_t> various_sizes() {
  std::vector<std::size_t> sizes{0, 1};
  for (std::size_t size = 64; size <= 8 * mebi; size *= 2) {
    for (std::size_t quarter = 4; quarter < 8; ++quarter) {
      std::size_t middle = size / 4 * quarter;
      for (std::size_t around : {middle - 1, middle, middle + 1, middle + 64, middle + 65})
        sizes.push_back(around);
    }
  }
  return sizes;
}

struct Block {
  std::byte* data;
  std::size_t bytes;
};

Block allocate_filled(std::size_t bytes, std::uint8_t mark) {
  auto* data = static_cast<std::byte*>(memory::allocate(bytes));
  std::memset(data, mark, bytes);
  return {data, bytes};
}

/// Whether nobody else wrote into the block meanwhile.
bool still_filled(const Block& block, std::uint8_t mark) {
  for (std::size_t i = 0; i < block.bytes; ++i) {
    if (block.data[i] != std::byte{mark}) return false;
  }
  return true;
}

/// Takes and gives back blocks at random; returns how many were found damaged.
int exercise(std::uint32_t seed, int steps) {
  std::mt19937 random(seed);
  std::vector<Block> blocks;
  std::vector<std::uint8_t> marks;
  int damaged = 0;
  for (int step = 0; step < steps; ++step) {
    if (blocks.size() < 40 || random() % 2 == 0) {
      std::size_t bytes = random() % (std::size_t{1} << (1 + random() % 14));
      if (random() % 100 == 0) bytes = random() % (2 * mebi);
      marks.push_back(static_cast<std::uint8_t>(random()));
      blocks.push_back(allocate_filled(bytes, marks.back()));
    } else {
      std::size_t victim = random() % blocks.size();
      damaged += still_filled(blocks[victim], marks[victim]) ? 0 : 1;
      memory::deallocate(blocks[victim].data, blocks[victim].bytes);
      blocks[victim] = blocks.back();
      marks[victim] = marks.back();
      blocks.pop_back();
      marks.pop_back();
    }
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    damaged += still_filled(blocks[i], marks[i]) ? 0 : 1;
    memory::deallocate(blocks[i].data, blocks[i].bytes);
  }
  return damaged;
}

struct RestoreCacheLimit {
  ~RestoreCacheLimit() { memory::set_cache_limit(4096 * mebi); }
};

}  // namespace

TEST_CASE("blocks of every size are aligned to 64 bytes and can be written") {
  for (std::size_t bytes : various_sizes()) {
    CAPTURE(bytes);
    Block block = allocate_filled(bytes, 1);
    CHECK(reinterpret_cast<std::uintptr_t>(block.data) % 64 == 0);
    memory::deallocate(block.data, bytes);
  }
}

TEST_CASE("a block given back is handed out again") {
  if (!blocks_are_kept()) return;
  for (std::size_t bytes : various_sizes()) {
    CAPTURE(bytes);
    void* block = memory::allocate(bytes);
    memory::deallocate(block, bytes);
    void* again = memory::allocate(bytes);
    CHECK(again == block);
    memory::deallocate(again, bytes);
  }
}

TEST_CASE("the block given back last is handed out first") {
  if (!blocks_are_kept()) return;
  void* a = memory::allocate(200);
  void* b = memory::allocate(200);
  memory::deallocate(a, 200);
  memory::deallocate(b, 200);
  CHECK(memory::allocate(200) == b);
  CHECK(memory::allocate(200) == a);
  memory::deallocate(a, 200);
  memory::deallocate(b, 200);
}

TEST_CASE("large blocks stand on huge pages") {
  if (!blocks_are_kept()) return;
  void* block = memory::allocate(5 * mebi);
  CHECK(reinterpret_cast<std::uintptr_t>(block) % (2 * mebi) == 0);
  memory::deallocate(block, 5 * mebi);
}

TEST_CASE("blocks in use do not overlap") { CHECK(exercise(1, 20000) == 0); }

TEST_CASE("blocks in use by several threads do not overlap") {
  std::atomic<int> damaged{0};
  std::vector<std::thread> threads;
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&damaged, seed] { damaged += exercise(seed, 5000); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(damaged == 0);
}

TEST_CASE("what cannot be had throws bad_alloc") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (std::size_t bytes : {most, most - 63, most / 2, most / 4, most / 8, std::size_t{1} << 50U}) {
    CAPTURE(bytes);
    CHECK_THROWS_AS(memory::allocate(bytes), std::bad_alloc);
  }
  memory::deallocate(memory::allocate(10), 10);
}

TEST_CASE("statistics count bytes in use and bytes kept") {
  for (std::size_t bytes : {std::size_t{1000}, 100 * std::size_t{1024}, 3 * mebi}) {
    CAPTURE(bytes);
    memory::Statistics before = memory::statistics();
    void* block = memory::allocate(bytes);
    memory::Statistics during = memory::statistics();
    CHECK(during.in_use >= before.in_use + bytes);
    CHECK(during.in_use <= before.in_use + bytes + bytes / 4 + 64);
    memory::deallocate(block, bytes);
    memory::Statistics after = memory::statistics();
    CHECK(after.in_use == before.in_use);
    if (blocks_are_kept()) CHECK(after.cached >= bytes);
  }
}

TEST_CASE("a block may be given back by another thread") {
  memory::Statistics before = memory::statistics();
  void* block = memory::allocate(500);
  std::thread([block] { memory::deallocate(block, 500); }).join();
  CHECK(memory::statistics().in_use == before.in_use);
}

TEST_CASE("a thread that only gives back does not hoard") {
  for (std::size_t bytes : {std::size_t{4000}, std::size_t{20000}, std::size_t{200000}}) {
    CAPTURE(bytes);
    memory::release_cached();
    std::size_t before = memory::statistics().cached;
    std::size_t held = 0;
    std::vector<void*> blocks(8 * mebi / bytes);
    // Both live on; only the tasks go to and fro.
    std::atomic<int> turn{0};
    constexpr int rounds = 40;  // of 8 MiB
    std::thread consumer([&] {
      for (int round = 0; round < rounds; ++round) {
        while (turn.load() != 2 * round + 1) std::this_thread::yield();
        for (void* block : blocks) memory::deallocate(block, bytes);
        turn = 2 * round + 2;
      }
    });
    for (int round = 0; round < rounds; ++round) {
      for (void*& block : blocks) block = memory::allocate(bytes);
      turn = 2 * round + 1;
      while (turn.load() != 2 * round + 2) std::this_thread::yield();
      held = memory::statistics().cached;
    }
    consumer.join();
    CHECK(held < before + 120 * mebi);
  }
}

TEST_CASE("blocks of a thread that has ended serve other threads") {
  if (!blocks_are_kept()) return;
  constexpr std::size_t bytes = 20000;
  auto run = [] {
    std::vector<void*> blocks(200);
    for (void*& block : blocks) block = memory::allocate(bytes);
    for (void* block : blocks) memory::deallocate(block, bytes);
  };
  std::thread(run).join();
  memory::Statistics first = memory::statistics();
  for (int i = 0; i < 20; ++i) std::thread(run).join();
  memory::Statistics last = memory::statistics();
  CHECK(last.in_use == first.in_use);
  CHECK(last.cached <= first.cached + 2 * mebi);
}

TEST_CASE("a thread's own objects may give blocks back when it ends") {
  struct Holder {
    void* block = nullptr;
    std::size_t bytes = 0;
    ~Holder() {
      memory::deallocate(block, bytes);
      memory::deallocate(memory::allocate(300), 300);
    }
  };
  memory::Statistics before = memory::statistics();
  for (std::size_t bytes : {std::size_t{100}, std::size_t{100000}, 3 * mebi}) {
    std::thread([bytes] {
      thread_local Holder holder;  // older than what the pool keeps in this thread, so it goes later
      holder.bytes = bytes;
      holder.block = memory::allocate(bytes);
    }).join();
  }
  CHECK(memory::statistics().in_use == before.in_use);
}

TEST_CASE("a static object may give a block back when the program ends") {
  struct Holder {
    void* block = nullptr;
    ~Holder() { memory::deallocate(block, 1000); }
  };
  static Holder holder;
  if (holder.block == nullptr) holder.block = memory::allocate(1000);
  CHECK(holder.block != nullptr);
}

TEST_CASE("free memory can be given back to the system") {
  if (!blocks_are_kept()) return;
  for (std::size_t bytes : {100 * std::size_t{1024}, 3 * mebi}) {
    CAPTURE(bytes);
    memory::deallocate(memory::allocate(bytes), bytes);
    std::size_t before = memory::statistics().cached;
    memory::release_cached();
    CHECK(memory::statistics().cached + bytes <= before);
  }
}

TEST_CASE("the shared cache keeps no more than its limit and lets go of the oldest first") {
  if (!blocks_are_kept()) return;
  RestoreCacheLimit restore;
  memory::release_cached();
  std::size_t base = memory::statistics().cached;
  void* oldest = memory::allocate(2 * mebi);
  void* middle = memory::allocate(4 * mebi);
  void* newest = memory::allocate(2 * mebi);
  memory::deallocate(oldest, 2 * mebi);
  memory::deallocate(middle, 4 * mebi);
  memory::deallocate(newest, 2 * mebi);
  memory::set_cache_limit(7 * mebi);
  CHECK(memory::statistics().cached - base < 7 * mebi);
  CHECK(memory::statistics().cached - base >= 6 * mebi);
  memory::set_cache_limit(3 * mebi);
  CHECK(memory::statistics().cached - base >= 2 * mebi);
  void* again = memory::allocate(2 * mebi);
  CHECK(again == newest);
  memory::set_cache_limit(0);
  memory::deallocate(again, 2 * mebi);
  CHECK(memory::statistics().cached == base);
}

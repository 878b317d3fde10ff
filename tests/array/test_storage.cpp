#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <thread>
#include <utility>

#include <xgrad/autograd/array/memory.hpp>
#include <xgrad/autograd/array/storage.hpp>

using xgrad::IntrusivePtr;
using xgrad::Storage;

TEST_CASE("a storage has the bytes that were asked for, aligned to 64") {
  for (std::size_t bytes : {0, 1, 64, 1000, 100000, 5000000}) {
    auto storage = Storage::allocate(bytes);
    CHECK(storage->bytes() == bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(storage->data()) % 64 == 0);
    CHECK(storage->version() == 0);
    std::memset(storage->data(), 1, bytes);
  }
}

TEST_CASE("a storage gives its memory back when nobody looks at it any more") {
  std::size_t before = xgrad::memory::statistics().in_use;
  auto storage = Storage::allocate(10000);
  IntrusivePtr<Storage> other = storage;
  CHECK(!storage.unique());
  storage.reset();
  CHECK(other.unique());
  CHECK(xgrad::memory::statistics().in_use > before);
  other.reset();
  CHECK(xgrad::memory::statistics().in_use == before);
}

TEST_CASE("memory of others is released once, by its owner's function") {
  std::size_t before = xgrad::memory::statistics().in_use;
  int released = 0;
  double numbers[3] = {1, 2, 3};
  auto count = [](void* counter) { ++*static_cast<int*>(counter); };
  {
    auto storage = Storage::adopt(numbers, sizeof numbers, &released, count);
    CHECK(storage->data() == reinterpret_cast<std::byte*>(numbers));
    CHECK(storage->bytes() == sizeof numbers);
    IntrusivePtr<Storage> moved = std::move(storage);
    CHECK(released == 0);
  }
  CHECK(released == 1);
  CHECK(xgrad::memory::statistics().in_use == before);
}

TEST_CASE("memory of others may be anywhere in the pool") {
  std::size_t before = xgrad::memory::statistics().in_use;
  void* blocks[8];  // often neighbours, so that one block ends where the next begins
  for (void*& block : blocks) block = xgrad::memory::allocate(64);
  for (void* block : blocks) Storage::adopt(block, 64, nullptr, nullptr).reset();
  for (void* block : blocks) {
    auto storage = Storage::adopt(block, 64, block, [](void* own) { xgrad::memory::deallocate(own, 64); });
    CHECK(storage->data() == block);
  }
  CHECK(xgrad::memory::statistics().in_use == before);
}

TEST_CASE("memory of others may need no release") {
  double numbers[3] = {1, 2, 3};
  auto storage = Storage::adopt(numbers, sizeof numbers, nullptr, nullptr);
  storage.reset();
  CHECK(numbers[2] == 3);
}

TEST_CASE("every change in place raises the version") {
  auto storage = Storage::allocate(8);
  storage->bump_version();
  storage->bump_version();
  CHECK(storage->version() == 2);
}

TEST_CASE("a storage too large for the machine throws bad_alloc") {
  CHECK_THROWS_AS(Storage::allocate(std::numeric_limits<std::size_t>::max()), std::bad_alloc);
  CHECK_THROWS_AS(Storage::allocate(std::numeric_limits<std::size_t>::max() - 63), std::bad_alloc);
}

TEST_CASE("a storage may be shared and dropped by many threads") {
  std::size_t before = xgrad::memory::statistics().in_use;
  auto storage = Storage::allocate(100);
  auto share = [storage] {
    for (int i = 0; i < 1000; ++i) {
      IntrusivePtr<Storage> copy = storage;
      IntrusivePtr<Storage> second = copy;
    }
  };
  {
    std::thread a(share);
    std::thread b(share);
    a.join();
    b.join();
  }
  {
    auto last = std::move(share);
  }
  storage.reset();
  CHECK(xgrad::memory::statistics().in_use == before);
}

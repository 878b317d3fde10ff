#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <xgrad/autograd/array/export.hpp>
#include <xgrad/autograd/array/intrusive_ptr.hpp>

namespace xgrad {

/// Memory that one or more arrays look at, with a version that every in-place change raises. Memory of our
/// own stands in the same pooled block, 64-byte aligned; memory of others is given back through a function.
class Storage {
 public:
  /// Uninitialized memory from the pool.
  XGRAD_API static IntrusivePtr<Storage> allocate(std::size_t bytes);

  /// Memory that belongs to somebody else: `release(owner)` is called when nobody looks at it any more.
  XGRAD_API static IntrusivePtr<Storage> adopt(void* data, std::size_t bytes, void* owner,
                                               void (*release)(void*));

  std::byte* data() const noexcept { return data_; }
  std::size_t bytes() const noexcept { return bytes_; }

  std::uint32_t version() const noexcept { return version_.load(std::memory_order_relaxed); }
  void bump_version() noexcept { version_.store(version() + 1, std::memory_order_relaxed); }

  ReferenceCount references;
  XGRAD_API static void destroy(Storage* storage) noexcept;

 private:
  Storage() = default;

  std::atomic<std::uint32_t> version_{0};
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
  void* owner_ = nullptr;
  void (*release_)(void*) = nullptr;
};

}  // namespace xgrad

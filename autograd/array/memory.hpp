#pragma once

#include <cstddef>

#include <xgrad/autograd/array/export.hpp>

/// Memory that is kept and reused. Blocks below 1 MiB come from free lists of the calling thread, one list
/// for each size class; larger blocks from a cache that all threads share. A block may be given back by any
/// thread. Under the address sanitizer nothing is kept, so that it sees wrong accesses.
namespace xgrad::memory {

/// A block of at least `bytes` bytes, aligned to 64. Throws std::bad_alloc.
XGRAD_API void* allocate(std::size_t bytes);

/// Gives a block back; `bytes` is what was asked for.
XGRAD_API void deallocate(void* block, std::size_t bytes) noexcept;

struct Statistics {
  std::size_t in_use;  ///< bytes in blocks that are allocated now
  std::size_t cached;  ///< bytes kept for reuse: free blocks of all threads and the shared cache
};

/// What is held now, over all threads.
XGRAD_API Statistics statistics() noexcept;

/// Gives the free blocks of the shared cache, and the calling thread's free blocks of more than 32 KiB, back
/// to the system. Smaller ones stay: they share pages with blocks in use.
XGRAD_API void release_cached() noexcept;

/// The bytes that the shared cache may keep; what is beyond is given back, oldest first. By default a
/// quarter of the machine's memory.
XGRAD_API void set_cache_limit(std::size_t bytes) noexcept;

}  // namespace xgrad::memory

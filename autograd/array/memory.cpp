#include <xgrad/autograd/array/memory.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

// Under the address sanitizer every block comes from the system, so that it sees wrong accesses.
#if defined(__SANITIZE_ADDRESS__)
#define XGRAD_POOLED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XGRAD_POOLED 0
#endif
#endif
#ifndef XGRAD_POOLED
#define XGRAD_POOLED 1
#endif

namespace xgrad::memory {
namespace {

constexpr bool pooled = XGRAD_POOLED != 0;

constexpr std::size_t kibi = 1024;
constexpr std::size_t mebi = 1024 * kibi;

constexpr std::size_t alignment = 64;
constexpr std::size_t large_bytes = mebi;               // from here on blocks are shared by all threads
constexpr std::size_t largest_carved = 32 * kibi + 64;  // blocks up to here are carved from slabs
constexpr std::size_t largest_request = SIZE_MAX / 4;   // what size_class can round up
constexpr std::size_t huge_page = 2 * mebi;
constexpr std::int64_t thread_limit = 64 * mebi;  // what a thread keeps before it shares

/* Size classes

   Multiples of 64 up to 1088 bytes, then four for each doubling, at most a quarter too large. They are
   64 bytes more than round numbers, because most blocks hold a Storage of 64 bytes before a payload that
   is a power of two. */

constexpr std::size_t fine_classes = 17;
constexpr std::size_t small_classes = fine_classes + std::size_t{40};  // of blocks below 1 MiB
constexpr std::size_t first_large_class = small_classes - 1;           // 1 MiB and 64 bytes falls in both
constexpr std::size_t large_classes = 176;

struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

SizeClass size_class(std::size_t bytes) noexcept {
  if (bytes <= fine_classes * 64) [[likely]] {
    std::size_t units = (std::max<std::size_t>(bytes, 1) + 63) / 64;
    return {units - 1, units * 64};
  }
  std::size_t rest = bytes - 65;  // at least 1024
  auto exponent = static_cast<std::size_t>(std::bit_width(rest)) - 1;
  std::size_t quarter = rest >> (exponent - 2);  // 4 to 7
  return {fine_classes + 4 * (exponent - 10) + quarter - 4, ((quarter + 1) << (exponent - 2)) + 64};
}

/// A free block of a size class, below 1 MiB, in a list of such.
struct FreeBlock {
  FreeBlock* next;
};

/// A whole list of free blocks of one size class, itself in a list of such. It stands in its first block.
struct Batch {
  FreeBlock* rest;
  Batch* next;
};

/// A free block of 1 MiB or more.
struct LargeBlock {
  LargeBlock* newer;
  LargeBlock* older;
  std::size_t bytes;
  std::uint64_t stamp;  // orders them by age
};

/// What one thread keeps. Only its thread touches it, but for `in_use`, which others read.
struct alignas(64) ThreadCache {
  FreeBlock* free[small_classes] = {};
  std::atomic<std::int64_t> in_use{0};       // bytes that this thread took less those it gave back
  std::int64_t share_below = -thread_limit;  // when in_use gets here, thread_limit bytes are free
  std::byte* slab = nullptr;                 // what is left to carve blocks from
  std::byte* slab_end = nullptr;
  std::size_t next_slab = 64 * kibi;
  ThreadCache* next = nullptr;
  ThreadCache* next_idle = nullptr;

  /// A plain addition: nobody else writes.
  std::int64_t add_in_use(std::int64_t bytes) noexcept {
    std::int64_t sum = in_use.load(std::memory_order_relaxed) + bytes;
    in_use.store(sum, std::memory_order_relaxed);
    return sum;
  }
};

std::size_t quarter_of_memory() noexcept {
  long pages = sysconf(_SC_PHYS_PAGES);
  long page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page) / 4
                               : 1024 * mebi;
}

/// What all threads share, under its mutex.
struct Shared {
  std::mutex mutex;
  std::int64_t obtained = 0;      // bytes below 1 MiB that came from the system
  std::int64_t ended_in_use = 0;  // ThreadCache::in_use of threads that have ended
  std::size_t limit = quarter_of_memory();

  ThreadCache* caches = nullptr;       // all there are
  ThreadCache* idle_caches = nullptr;  // those whose thread has ended
  Batch* batches[small_classes] = {};
  std::size_t batched = 0;  // bytes in batches of blocks that were not carved

  struct {
    LargeBlock* newest;
    LargeBlock* oldest;
  } large[large_classes] = {};
  std::size_t large_in_use = 0;
  std::size_t large_cached = 0;
  std::uint64_t next_stamp = 0;
};

/// Never destroyed: static objects of others may hold blocks.
Shared& shared() noexcept {
  static Shared& instance =
      *new Shared;  // NOLINT(bugprone-unhandled-exception-at-new): nothing works without
  return instance;
}

constinit thread_local ThreadCache* current_cache [[gnu::tls_model("initial-exec")]] = nullptr;
constinit thread_local bool thread_has_ended = false;

// Blocks below 1 MiB --------------------------------------------------------------------------------

std::size_t count(const FreeBlock* list) noexcept {
  std::size_t blocks = 0;
  for (; list != nullptr; list = list->next) ++blocks;
  return blocks;
}

/// The bytes of the class with this index; the reverse of size_class.
std::size_t class_bytes(std::size_t index) noexcept {
  if (index < fine_classes) return (index + 1) * 64;
  std::size_t step = index - fine_classes;
  return ((step % 4 + 5) << (step / 4 + 8)) + 64;
}

void free_blocks(FreeBlock* list, std::size_t bytes, Shared& all) noexcept {
  while (list != nullptr) {
    FreeBlock* block = std::exchange(list, list->next);
    std::free(block);
    all.obtained -= static_cast<std::int64_t>(bytes);
  }
}

/// Gives a list of blocks to all threads, or back to the system where the limit says so.
void push_batch(FreeBlock* list, std::size_t index, Shared& all) noexcept {
  std::size_t bytes = class_bytes(index);
  if (bytes > largest_carved) {
    std::size_t list_bytes = count(list) * bytes;
    if (all.batched + all.large_cached + list_bytes > all.limit) {
      free_blocks(list, bytes, all);
      return;
    }
    all.batched += list_bytes;
  }
  all.batches[index] = new (list) Batch{list->next, all.batches[index]};
}

FreeBlock* pop_batch(std::size_t index, Shared& all) noexcept {
  Batch* batch = all.batches[index];
  if (batch == nullptr) return nullptr;
  all.batches[index] = batch->next;
  auto* list = new (batch) FreeBlock{batch->rest};
  std::size_t bytes = class_bytes(index);
  if (bytes > largest_carved) all.batched -= count(list) * bytes;
  return list;
}

/// Gives all free blocks of a thread to all threads. Without this a thread that frees what another one
/// allocates would collect blocks for ever.
void share_lists(ThreadCache& cache) noexcept {
  Shared& all = shared();
  std::lock_guard lock(all.mutex);
  for (std::size_t index = 0; index < small_classes; ++index) {
    FreeBlock* list = std::exchange(cache.free[index], nullptr);
    if (list != nullptr) push_batch(list, index, all);
  }
  cache.share_below = cache.in_use.load(std::memory_order_relaxed) - thread_limit;
}

/// Lets go of the thread's cache when the thread ends.
struct Janitor {
  ~Janitor() {
    ThreadCache& cache = *std::exchange(current_cache, nullptr);
    thread_has_ended = true;
    share_lists(cache);
    Shared& all = shared();
    std::lock_guard lock(all.mutex);
    all.ended_in_use += cache.in_use.exchange(0, std::memory_order_relaxed);
    cache.share_below = -thread_limit;
    cache.next_idle = std::exchange(all.idle_caches, &cache);
  }
};

/// The thread's cache; null in a thread whose thread-local objects are being destroyed.
ThreadCache* find_cache() noexcept {
  if (current_cache != nullptr || thread_has_ended) return current_cache;
  Shared& all = shared();
  std::lock_guard lock(all.mutex);
  if (all.idle_caches != nullptr) {
    current_cache = std::exchange(all.idle_caches, all.idle_caches->next_idle);
  } else {
    current_cache = new (std::nothrow) ThreadCache;
    if (current_cache == nullptr) return nullptr;
    current_cache->next = std::exchange(all.caches, current_cache);
  }
  static thread_local Janitor janitor;
  static_cast<void>(janitor);
  return current_cache;
}

void* obtain(std::size_t bytes, Shared& all) {
  void* memory = std::aligned_alloc(alignment, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  all.obtained += static_cast<std::int64_t>(bytes);
  return memory;
}

/// A block of a class whose list is empty.
void* refill(ThreadCache& cache, SizeClass size) {
  auto bytes = static_cast<std::int64_t>(size.bytes);
  if (size.bytes > largest_carved || cache.slab_end - cache.slab < bytes) {
    Shared& all = shared();
    std::lock_guard lock(all.mutex);
    if (FreeBlock* list = pop_batch(size.index, all); list != nullptr) {
      cache.free[size.index] = list->next;
      cache.share_below = std::max(cache.share_below, cache.add_in_use(bytes) - thread_limit);
      return list;
    }
    if (size.bytes > largest_carved) {
      void* block = obtain(size.bytes, all);
      cache.add_in_use(bytes);
      cache.share_below += bytes;
      return block;
    }
    cache.slab = static_cast<std::byte*>(obtain(cache.next_slab, all));
    cache.slab_end = cache.slab + cache.next_slab;
    cache.next_slab = std::min(2 * cache.next_slab, mebi);
  }
  cache.add_in_use(bytes);
  cache.share_below += bytes;
  return std::exchange(cache.slab, cache.slab + size.bytes);
}

void* allocate_in_ended_thread(SizeClass size) {
  Shared& all = shared();
  std::lock_guard lock(all.mutex);
  FreeBlock* list = pop_batch(size.index, all);
  if (list != nullptr && list->next != nullptr) push_batch(list->next, size.index, all);
  void* block = list != nullptr ? list : obtain(size.bytes, all);
  all.ended_in_use += static_cast<std::int64_t>(size.bytes);
  return block;
}

void deallocate_in_ended_thread(void* block, SizeClass size) noexcept {
  Shared& all = shared();
  std::lock_guard lock(all.mutex);
  push_batch(new (block) FreeBlock{nullptr}, size.index, all);
  all.ended_in_use -= static_cast<std::int64_t>(size.bytes);
}

// Blocks of 1 MiB and more --------------------------------------------------------------------------

std::size_t mapped_bytes(std::size_t bytes) noexcept {
  constexpr std::size_t largest_page = 64 * kibi;  // of those that processors use by default
  return (bytes + largest_page - 1) / largest_page * largest_page;
}

/// Fresh pages from the system, huge ones where they fit; null when there are none.
void* map_pages(std::size_t bytes) noexcept {
  std::size_t length = mapped_bytes(bytes);
  std::size_t slack = bytes >= huge_page ? huge_page : 0;
  void* mapping = mmap(nullptr, length + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  if (slack == 0) return mapping;
  auto* begin = static_cast<std::byte*>(mapping);
  std::size_t lead = (slack - reinterpret_cast<std::uintptr_t>(begin) % slack) % slack;
  if (lead > 0) munmap(begin, lead);
  munmap(begin + lead + length, slack - lead);
#ifdef MADV_HUGEPAGE
  madvise(begin + lead, length, MADV_HUGEPAGE);
#endif
  return begin + lead;
}

void unmap_pages(void* block, std::size_t bytes) noexcept { munmap(block, mapped_bytes(bytes)); }

/// Gives the oldest free blocks back to the system until at most `limit` bytes are left.
void trim_large(std::size_t limit, Shared& all) noexcept {
  while (all.large_cached > limit) {
    auto* oldest = &all.large[0];
    for (auto& list : all.large) {
      if (list.oldest == nullptr) continue;
      if (oldest->oldest == nullptr || list.oldest->stamp < oldest->oldest->stamp) oldest = &list;
    }
    LargeBlock* block = oldest->oldest;
    oldest->oldest = block->newer;
    (block->newer != nullptr ? block->newer->older : oldest->newest) = nullptr;
    all.large_cached -= block->bytes;
    unmap_pages(block, block->bytes);
  }
}

void* allocate_large(std::size_t bytes) {
  if (bytes > largest_request) throw std::bad_alloc();
  SizeClass size = size_class(bytes);
  Shared& all = shared();
  std::unique_lock lock(all.mutex);
  auto& list = all.large[size.index - first_large_class];
  LargeBlock* block = list.newest;
  if (block != nullptr) {
    list.newest = block->older;
    (block->older != nullptr ? block->older->newer : list.oldest) = nullptr;
    all.large_cached -= size.bytes;
    all.large_in_use += size.bytes;
    return block;
  }
  all.large_in_use += size.bytes;
  lock.unlock();
  if (void* fresh = map_pages(size.bytes); fresh != nullptr) return fresh;
  lock.lock();
  trim_large(0, all);
  if (void* fresh = map_pages(size.bytes); fresh != nullptr) return fresh;
  all.large_in_use -= size.bytes;
  throw std::bad_alloc();
}

void deallocate_large(void* memory, std::size_t bytes) noexcept {
  SizeClass size = size_class(bytes);
  Shared& all = shared();
  std::lock_guard lock(all.mutex);
  all.large_in_use -= size.bytes;
  if (size.bytes > all.limit) {
    unmap_pages(memory, size.bytes);
    return;
  }
  auto& list = all.large[size.index - first_large_class];
  auto* block = new (memory) LargeBlock{nullptr, list.newest, size.bytes, all.next_stamp++};
  (list.newest != nullptr ? list.newest->newer : list.oldest) = block;
  list.newest = block;
  all.large_cached += size.bytes;
  trim_large(all.limit, all);
}

// Without the pool ----------------------------------------------------------------------------------

std::atomic<std::size_t> system_in_use{0};

void* allocate_from_system(std::size_t bytes) {
  constexpr std::size_t most = std::size_t{1} << 38U;  // where the sanitizer would end the program
  void* block = nullptr;
  if (bytes > most || posix_memalign(&block, alignment, bytes) != 0) throw std::bad_alloc();
  system_in_use += bytes;
  return block;
}

// Paths off the fast one ----------------------------------------------------------------------------

[[gnu::noinline]] void* allocate_slowly(std::size_t bytes) {
  if (!pooled) return allocate_from_system(bytes);
  if (bytes >= large_bytes) return allocate_large(bytes);
  SizeClass size = size_class(bytes);
  ThreadCache* cache = find_cache();
  return cache != nullptr ? refill(*cache, size) : allocate_in_ended_thread(size);
}

[[gnu::noinline]] void deallocate_slowly(void* block, std::size_t bytes) noexcept {
  if (!pooled) {
    std::free(block);
    system_in_use -= bytes;
  } else if (bytes >= large_bytes) {
    deallocate_large(block, bytes);
  } else if (find_cache() != nullptr) {
    deallocate(block, bytes);
  } else {
    deallocate_in_ended_thread(block, size_class(bytes));
  }
}

}  // namespace

void* allocate(std::size_t bytes) {
  ThreadCache* cache = current_cache;
  if (cache == nullptr || bytes >= large_bytes) [[unlikely]]
    return allocate_slowly(bytes);
  SizeClass size = size_class(bytes);
  FreeBlock* block = cache->free[size.index];
  if (block == nullptr) [[unlikely]]
    return allocate_slowly(bytes);
  cache->free[size.index] = block->next;
  cache->add_in_use(static_cast<std::int64_t>(size.bytes));
  return block;
}

void deallocate(void* block, std::size_t bytes) noexcept {
  ThreadCache* cache = current_cache;
  if (cache == nullptr || bytes >= large_bytes) [[unlikely]]
    return deallocate_slowly(block, bytes);
  SizeClass size = size_class(bytes);
  cache->free[size.index] = new (block) FreeBlock{cache->free[size.index]};
  std::int64_t in_use = cache->add_in_use(-static_cast<std::int64_t>(size.bytes));
  if (in_use < cache->share_below) [[unlikely]]
    share_lists(*cache);
}

Statistics statistics() noexcept {
  if (!pooled) return {system_in_use, 0};
  Shared& all = shared();
  std::lock_guard lock(all.mutex);
  std::int64_t in_use = all.ended_in_use;
  for (ThreadCache* cache = all.caches; cache != nullptr; cache = cache->next) {
    in_use += cache->in_use.load(std::memory_order_relaxed);
  }
  in_use = std::clamp<std::int64_t>(in_use, 0, all.obtained);  // others go on counting meanwhile
  return {static_cast<std::size_t>(in_use) + all.large_in_use,
          static_cast<std::size_t>(all.obtained - in_use) + all.large_cached};
}

void release_cached() noexcept {
  Shared& all = shared();
  std::lock_guard lock(all.mutex);
  trim_large(0, all);
  for (std::size_t index = size_class(largest_carved).index + 1; index < small_classes; ++index) {
    while (FreeBlock* list = pop_batch(index, all)) free_blocks(list, class_bytes(index), all);
    if (current_cache == nullptr) continue;
    FreeBlock* list = std::exchange(current_cache->free[index], nullptr);
    current_cache->share_below -= static_cast<std::int64_t>(count(list) * class_bytes(index));
    free_blocks(list, class_bytes(index), all);
  }
}

void set_cache_limit(std::size_t bytes) noexcept {
  Shared& all = shared();
  std::lock_guard lock(all.mutex);
  all.limit = bytes;
  trim_large(bytes, all);
}

}  // namespace xgrad::memory

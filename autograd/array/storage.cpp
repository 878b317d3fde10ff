#include <xgrad/autograd/array/storage.hpp>

#include <cstdint>
#include <new>

#include <xgrad/autograd/array/memory.hpp>

namespace xgrad {
namespace {
constexpr std::size_t header_bytes = 64;  // the Storage itself, before its data
static_assert(sizeof(Storage) <= header_bytes);
}  // namespace

IntrusivePtr<Storage> Storage::allocate(std::size_t bytes) {
  if (bytes > SIZE_MAX - header_bytes) throw std::bad_alloc();
  void* block = memory::allocate(header_bytes + bytes);
  auto* storage = new (block) Storage;
  storage->data_ = static_cast<std::byte*>(block) + header_bytes;
  storage->bytes_ = bytes;
  storage->owner_ = block;  // itself: the data stands in the same block
  return IntrusivePtr<Storage>::adopt(storage);
}

IntrusivePtr<Storage> Storage::adopt(void* data, std::size_t bytes, void* owner, void (*release)(void*)) {
  void* block = nullptr;
  try {
    block = memory::allocate(sizeof(Storage));
  } catch (...) {
    if (release != nullptr) release(owner);  // the owner is ours from the call on
    throw;
  }
  auto* storage = new (block) Storage;
  storage->data_ = static_cast<std::byte*>(data);
  storage->bytes_ = bytes;
  storage->owner_ = owner;
  storage->release_ = release;
  return IntrusivePtr<Storage>::adopt(storage);
}

void Storage::destroy(Storage* storage) noexcept {
  std::size_t block_bytes = storage->owner_ == storage ? header_bytes + storage->bytes_ : sizeof(Storage);
  void* owner = storage->owner_;
  auto* release = storage->release_;
  storage->~Storage();
  memory::deallocate(storage, block_bytes);
  if (release != nullptr) release(owner);
}

}  // namespace xgrad

#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace xgrad {

/// A count of references inside the object it counts. Taking one is one atomic step; dropping the last one
/// is a plain load, because nobody else can reach the object then.
class ReferenceCount {
 public:
  void add() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  /// Drops one reference and tells whether it was the last.
  bool drop() const noexcept {
    return count_.load(std::memory_order_acquire) == 1 || count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  bool unique() const noexcept { return count_.load(std::memory_order_acquire) == 1; }

 private:
  mutable std::atomic<std::uint32_t> count_{1};
};

/// A shared owner of a T with a member `references` (a ReferenceCount) and a static `T::destroy(T*)`.
template <class T>
class IntrusivePtr {
 public:
  IntrusivePtr() noexcept = default;
  /// Takes over the reference that a new object is born with.
  static IntrusivePtr adopt(T* object) noexcept {
    IntrusivePtr result;
    result.object_ = object;
    return result;
  }
  /// One more owner of an object that is owned already.
  static IntrusivePtr share(T* object) noexcept {
    if (object != nullptr) object->references.add();
    return adopt(object);
  }
  IntrusivePtr(const IntrusivePtr& other) noexcept : object_(other.object_) {
    if (object_ != nullptr) object_->references.add();
  }
  IntrusivePtr(IntrusivePtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  IntrusivePtr& operator=(IntrusivePtr other) noexcept {
    swap(other);
    return *this;
  }
  ~IntrusivePtr() {
    if (object_ != nullptr && object_->references.drop()) T::destroy(object_);
  }

  void swap(IntrusivePtr& other) noexcept { std::swap(object_, other.object_); }
  void reset() noexcept { IntrusivePtr().swap(*this); }
  /// Gives the reference up to the caller without dropping it.
  T* release() noexcept { return std::exchange(object_, nullptr); }
  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  bool unique() const noexcept { return object_ != nullptr && object_->references.unique(); }
  friend bool operator==(const IntrusivePtr& a, const IntrusivePtr& b) noexcept {
    return a.object_ == b.object_;
  }

 private:
  T* object_ = nullptr;
};

}  // namespace xgrad

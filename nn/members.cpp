#include <xgrad/nn/members.hpp>

#include <map>
#include <mutex>

namespace xgrad::nn::detail {
namespace {

struct Members {
  std::mutex mutex;
  std::map<std::uintptr_t, MemberKind> kinds;
};

/// Never destroyed: modules may outlive every static object.
Members& members() {
  static auto* all = new Members;
  return *all;
}

std::uintptr_t number(const void* address) { return reinterpret_cast<std::uintptr_t>(address); }

}  // namespace

void enlist(const void* address, MemberKind kind) noexcept {
  Members& all = members();
  std::lock_guard lock(all.mutex);
  all.kinds[number(address)] = kind;
}

void delist(const void* address) noexcept {
  Members& all = members();
  std::lock_guard lock(all.mutex);
  all.kinds.erase(number(address));
}

std::vector<Member> members_inside(const void* begin, std::size_t size) {
  Members& all = members();
  std::lock_guard lock(all.mutex);
  std::vector<Member> inside;
  auto end = all.kinds.lower_bound(number(begin) + size);
  for (auto it = all.kinds.lower_bound(number(begin)); it != end; ++it) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the number was made from this pointer
    inside.push_back({reinterpret_cast<const void*>(it->first), it->second});
  }
  return inside;
}

}  // namespace xgrad::nn::detail

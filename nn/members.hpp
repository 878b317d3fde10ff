#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <xgrad/autograd/array/export.hpp>

/// Note: forgotten members. `visit` is the only list of what a module is made of, so a member that it does
/// not name would neither be trained nor saved. Every Parameter, Buffer and Module therefore enters its
/// address here for as long as it lives. A walk over a module that knows how large an object is (a member's
/// static type tells, and XGRAD_MEMBERS tells it of the whole) looks up what lies inside the object, and
/// reports what `visit` did not name.
namespace xgrad::nn::detail {

enum class MemberKind : std::uint8_t { parameter, buffer, module };

struct Member {
  const void* address;
  MemberKind kind;
};

XGRAD_API void enlist(const void* address, MemberKind kind) noexcept;
XGRAD_API void delist(const void* address) noexcept;

/// The members that lie in [begin, begin + size), by address.
std::vector<Member> members_inside(const void* begin, std::size_t size);

}  // namespace xgrad::nn::detail

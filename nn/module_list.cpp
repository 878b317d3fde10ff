#include <xgrad/nn/module_list.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::nn {

ModuleList::ModuleList() = default;

void ModuleList::push_back(AnyModule module) {
  if (!module) throw GraphError("ModuleList: expected a module, got an empty AnyModule");
  modules_.push_back(std::move(module));
}

Module& ModuleList::operator[](std::size_t place) const {
  if (place >= modules_.size())
    throw IndexError(fmt::format("ModuleList: there is no module {} among {}", place, modules_.size()));
  return *modules_[place];
}

void ModuleList::visit(Visitor& visitor) {
  for (std::size_t i = 0; i < modules_.size(); ++i) visitor(std::to_string(i), modules_[i]);
}

ModuleDict::ModuleDict() = default;

void ModuleDict::insert(std::string name, AnyModule module) {
  if (name.empty() || name.find('.') != std::string::npos) {
    throw ValueError(
        fmt::format("ModuleDict: expected a name without dots, as dots join names; got \"{}\"", name));
  }
  if (!module) throw GraphError("ModuleDict: expected a module, got an empty AnyModule");
  if (contains(name))
    modules_[place_of(name)].second = std::move(module);
  else
    modules_.emplace_back(std::move(name), std::move(module));
}

void ModuleDict::erase(std::string_view name) {
  modules_.erase(modules_.begin() + static_cast<std::ptrdiff_t>(place_of(name)));
}

bool ModuleDict::contains(std::string_view name) const noexcept {
  return std::ranges::any_of(modules_, [&](const auto& entry) { return entry.first == name; });
}

Module& ModuleDict::operator[](std::string_view name) const { return *modules_[place_of(name)].second; }

void ModuleDict::visit(Visitor& visitor) {
  for (auto& [name, module] : modules_) visitor(name, module);
}

std::size_t ModuleDict::place_of(std::string_view name) const {
  auto found =
      std::ranges::find(modules_, name, [](const auto& entry) { return std::string_view(entry.first); });
  if (found == modules_.end()) {
    throw IndexError(fmt::format("ModuleDict: there is no module \"{}\" among {}", name,
                                 fmt::join(modules_ | std::views::keys, ", ")));
  }
  return static_cast<std::size_t>(found - modules_.begin());
}

}  // namespace xgrad::nn

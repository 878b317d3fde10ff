#include <xgrad/nn/any_module.hpp>

#include <xgrad/autograd/array/error.hpp>

namespace xgrad::nn {

AnyModule::AnyModule() noexcept = default;
AnyModule::AnyModule(const AnyModule& other)
    : module_(other.module_ ? other.copy_(*other.module_) : nullptr), copy_(other.copy_) {}
AnyModule::AnyModule(AnyModule&& other) noexcept = default;
AnyModule& AnyModule::operator=(AnyModule&& other) noexcept = default;
AnyModule::~AnyModule() = default;

Module& AnyModule::operator*() const {
  if (!module_) throw GraphError("AnyModule: it is empty; assign a module or a function to it first");
  return *module_;
}

}  // namespace xgrad::nn

#pragma once

/// Everything: tensors, operations and their gradients, modules, optimizers.

#include <xgrad/autograd/autograd.hpp>
#include <xgrad/nn/nn.hpp>
#include <xgrad/optim/optim.hpp>

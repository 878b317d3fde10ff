#pragma once

/// All of xgrad::optim.
#include <xgrad/optim/adam.hpp>
#include <xgrad/optim/optimizer.hpp>
#include <xgrad/optim/sgd.hpp>

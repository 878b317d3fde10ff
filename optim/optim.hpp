#pragma once

/// All of xgrad::optim.
#include <xgrad/optim/adagrad.hpp>
#include <xgrad/optim/adam.hpp>
#include <xgrad/optim/adamax.hpp>
#include <xgrad/optim/asgd.hpp>
#include <xgrad/optim/composite_schedulers.hpp>
#include <xgrad/optim/cosine_schedulers.hpp>
#include <xgrad/optim/cyclic_schedulers.hpp>
#include <xgrad/optim/lbfgs.hpp>
#include <xgrad/optim/lr_scheduler.hpp>
#include <xgrad/optim/optimizer.hpp>
#include <xgrad/optim/reduce_on_plateau.hpp>
#include <xgrad/optim/rmsprop.hpp>
#include <xgrad/optim/rprop.hpp>
#include <xgrad/optim/sgd.hpp>

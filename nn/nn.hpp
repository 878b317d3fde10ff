#pragma once

/// All of xgrad::nn: modules, losses, first values, clipping and averages.
#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/any_module.hpp>
#include <xgrad/nn/averaged_model.hpp>
#include <xgrad/nn/batch_norm.hpp>
#include <xgrad/nn/clip_grad.hpp>
#include <xgrad/nn/clone.hpp>
#include <xgrad/nn/dropout.hpp>
#include <xgrad/nn/flatten.hpp>
#include <xgrad/nn/identity.hpp>
#include <xgrad/nn/init.hpp>
#include <xgrad/nn/likelihood_loss.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/nn/loss.hpp>
#include <xgrad/nn/margin_loss.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/nn/normalization.hpp>
#include <xgrad/nn/sequential.hpp>
#include <xgrad/nn/summary.hpp>
#include <xgrad/nn/utils.hpp>

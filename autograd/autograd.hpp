#pragma once

/// Tensors, operations and their gradients.

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/array/error.hpp>
#include <xgrad/autograd/array/memory.hpp>
#include <xgrad/autograd/array/random.hpp>
#include <xgrad/autograd/graph/backward.hpp>
#include <xgrad/autograd/graph/function.hpp>
#include <xgrad/autograd/graph/grad_mode.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/ops/activation.hpp>
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/creation.hpp>
#include <xgrad/autograd/ops/ctc_loss.hpp>
#include <xgrad/autograd/ops/likelihood_loss.hpp>
#include <xgrad/autograd/ops/histogram.hpp>
#include <xgrad/autograd/ops/loss.hpp>
#include <xgrad/autograd/ops/margin_loss.hpp>
#include <xgrad/autograd/ops/matmul.hpp>
#include <xgrad/autograd/ops/norm.hpp>
#include <xgrad/autograd/ops/order_statistics.hpp>
#include <xgrad/autograd/ops/pointwise.hpp>
#include <xgrad/autograd/ops/reduction.hpp>
#include <xgrad/autograd/ops/rounding.hpp>
#include <xgrad/autograd/ops/scan.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/autograd/ops/softmax.hpp>
#include <xgrad/autograd/ops/special.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/autograd/ops/views.hpp>
#include <xgrad/autograd/ops/xtensor.hpp>
#include <xgrad/autograd/tensor/tensor.hpp>
#include <xgrad/autograd/transforms/functional.hpp>
#include <xgrad/autograd/transforms/gradcheck.hpp>
#include <xgrad/autograd/transforms/graph_picture.hpp>

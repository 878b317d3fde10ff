#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <vector>

#include <xgrad/autograd/array/array.hpp>
#include <xgrad/autograd/kernels/parallel.hpp>
#include <xgrad/autograd/kernels/serial_blas.hpp>

/// LAPACK's Fortran routines for float and double under one name each, and loops over batches of matrices.
/// LAPACK is column-major: a row-major matrix is for it the transpose. `info` is what LAPACK returns: 0 where
/// all went well. Every routine that needs a workspace is given one of the size that it asks for.
/// Source: netlib.org/lapack, "LAPACK Users' Guide".

// A length follows every character argument, as Fortran compilers pass it.
// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define XGRAD_LAPACK_SYMBOLS(T, p)                                                                          \
  void p##getrf_(const int* m, const int* n, T* a, const int* lda, int* pivots, int* info);                 \
  void p##getrs_(const char* trans, const int* n, const int* nrhs, const T* a, const int* lda,              \
                 const int* pivots, T* b, const int* ldb, int* info, std::size_t);                          \
  void p##potrf_(const char* uplo, const int* n, T* a, const int* lda, int* info, std::size_t);             \
  void p##gelqf_(const int* m, const int* n, T* a, const int* lda, T* tau, T* work, const int* lwork,       \
                 int* info);                                                                                \
  void p##orglq_(const int* m, const int* n, const int* k, T* a, const int* lda, const T* tau, T* work,     \
                 const int* lwork, int* info);                                                              \
  void p##syevd_(const char* jobz, const char* uplo, const int* n, T* a, const int* lda, T* w, T* work,     \
                 const int* lwork, int* iwork, const int* liwork, int* info, std::size_t, std::size_t);     \
  void p##gesdd_(const char* jobz, const int* m, const int* n, T* a, const int* lda, T* s, T* u,            \
                 const int* ldu, T* vt, const int* ldvt, T* work, const int* lwork, int* iwork, int* info,  \
                 std::size_t);                                                                              \
  void p##gels_(const char* trans, const int* m, const int* n, const int* nrhs, T* a, const int* lda, T* b, \
                const int* ldb, T* work, const int* lwork, int* info, std::size_t);                         \
  void p##gelsy_(const int* m, const int* n, const int* nrhs, T* a, const int* lda, T* b, const int* ldb,   \
                 int* jpvt, const T* rcond, int* rank, T* work, const int* lwork, int* info);               \
  void p##gelsd_(const int* m, const int* n, const int* nrhs, T* a, const int* lda, T* b, const int* ldb,   \
                 T* s, const T* rcond, int* rank, T* work, const int* lwork, int* iwork, int* info);

extern "C" {
XGRAD_LAPACK_SYMBOLS(float, s)
XGRAD_LAPACK_SYMBOLS(double, d)
}
#undef XGRAD_LAPACK_SYMBOLS
// NOLINTEND(bugprone-macro-parentheses)

namespace xgrad::kernels::lapack {

/// The routine of float or double.
#define XGRAD_LAPACK_ROUTINE(name)          \
  template <class T, class... Arguments>    \
  void name(Arguments... arguments) {       \
    if constexpr (std::is_same_v<T, float>) \
      s##name##_(arguments...);             \
    else                                    \
      d##name##_(arguments...);             \
  }
XGRAD_LAPACK_ROUTINE(getrf)
XGRAD_LAPACK_ROUTINE(getrs)
XGRAD_LAPACK_ROUTINE(potrf)
XGRAD_LAPACK_ROUTINE(gelqf)
XGRAD_LAPACK_ROUTINE(orglq)
XGRAD_LAPACK_ROUTINE(syevd)
XGRAD_LAPACK_ROUTINE(gesdd)
XGRAD_LAPACK_ROUTINE(gels)
XGRAD_LAPACK_ROUTINE(gelsy)
XGRAD_LAPACK_ROUTINE(gelsd)
#undef XGRAD_LAPACK_ROUTINE

/// A size or a workspace as LAPACK takes it. Throws ShapeError beyond 2^31 - 1.
int size(std::int64_t value);

/// The size of a workspace that LAPACK said in a floating number, which may have been rounded down.
template <class T>
int workspace_size(T asked) {
  double exact = std::ceil(static_cast<double>(asked) * (1 + std::numeric_limits<T>::epsilon()));
  return size(exact < 9e18 ? static_cast<std::int64_t>(exact) : std::numeric_limits<std::int64_t>::max());
}

/// The sizes of all but the last two dimensions.
Shape batch_shape(const Array& matrices);

/// Fresh memory for matrices [..., rows, columns], each column-major.
Array column_major(const Shape& shape, DType dtype);

/// Whether every element is finite.
bool all_finite(const Array& array);

/// Where matrix number `index` of a batch of shape `batch` begins, for an array that broadcasts to it.
std::int64_t batch_offset(const Array& matrices, const Shape& batch, std::int64_t index);

/// Calls `function(i)` for every i below `count`, on several threads where `work` (multiplications for each)
/// is worth it, with BLAS on one thread each. The first exception is passed on.
template <class Function>
void for_each_matrix(std::int64_t count, double work, const Function& function) {
  constexpr double worth_a_thread = 1 << 16;
  auto grain = static_cast<std::int64_t>(worth_a_thread / std::max(work, 64.0)) + 1;
  std::exception_ptr failure;
  std::mutex mutex;
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    try {
      SerialBlas serial;
      for (std::int64_t i = begin; i < end; ++i) function(i);
    } catch (...) {
      std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  });
  if (failure) std::rethrow_exception(failure);
}

}  // namespace xgrad::kernels::lapack

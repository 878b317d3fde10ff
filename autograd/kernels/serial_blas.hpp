#pragma once

#include <cblas.h>
#include <omp.h>

namespace xgrad::kernels {

/// While it lives, BLAS and LAPACK called from this thread use this thread alone. OpenBLAS's own threads cut
/// sums at places that depend on their number, and would contend with ours.
class SerialBlas {
 public:
  SerialBlas() : threads_(omp_get_max_threads()) {
#ifdef OPENBLAS_THREAD
    // The build with threads of its own does not ask OpenMP.
    static const bool own_threads =
        openblas_get_parallel() == OPENBLAS_THREAD && (openblas_set_num_threads(1), true);
    static_cast<void>(own_threads);
#endif
    omp_set_num_threads(1);
  }
  ~SerialBlas() { omp_set_num_threads(threads_); }
  SerialBlas(const SerialBlas&) = delete;
  SerialBlas& operator=(const SerialBlas&) = delete;

 private:
  int threads_;
};

}  // namespace xgrad::kernels

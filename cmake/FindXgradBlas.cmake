# Finds OpenBLAS, which brings BLAS, CBLAS and LAPACK in one library, as the target xgrad::blas.
#
# Its OpenMP build comes first: it shares one pool of threads with xgrad's own loops, where the
# pthread build keeps a second one. Another BLAS can be named by the two variables
#   XGRAD_BLAS_LIBRARY      the library, with CBLAS and LAPACK in it
#   XGRAD_BLAS_INCLUDE_DIR  the folder of its cblas.h

find_library(XGRAD_BLAS_LIBRARY NAMES openblas PATH_SUFFIXES openblas-openmp openblas
  DOC "BLAS library with CBLAS and LAPACK")
find_path(XGRAD_BLAS_INCLUDE_DIR NAMES cblas.h PATH_SUFFIXES openblas-openmp openblas
  DOC "Folder of cblas.h")
mark_as_advanced(XGRAD_BLAS_LIBRARY XGRAD_BLAS_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(XgradBlas
  REQUIRED_VARS XGRAD_BLAS_LIBRARY XGRAD_BLAS_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "OpenBLAS is needed (Debian and Ubuntu: libopenblas-openmp-dev)")

if(XgradBlas_FOUND AND NOT TARGET xgrad::blas)
  add_library(xgrad::blas UNKNOWN IMPORTED)
  set_target_properties(xgrad::blas PROPERTIES
    IMPORTED_LOCATION "${XGRAD_BLAS_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${XGRAD_BLAS_INCLUDE_DIR}")
endif()

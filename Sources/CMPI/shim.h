/// MPI as Swift sees it.
///
/// Open MPI's handles are macros with casts (`((MPI_Comm) &ompi_mpi_comm_world)`), which Swift's importer does not see. Each one in use
/// has a getter here that keeps its C name. They may go once the importer understands cast macros.
#pragma once
#include <mpi.h>
#include <sched.h>
#include <stddef.h>
#include <sys/types.h>

/// All processes of the job.
__attribute__((swift_name("getter:MPI_COMM_WORLD()")))
static inline MPI_Comm cmpi_comm_world(void) { return MPI_COMM_WORLD; }

/// No hints.
__attribute__((swift_name("getter:MPI_INFO_NULL()")))
static inline MPI_Info cmpi_info_null(void) { return MPI_INFO_NULL; }

/// The error handler that lets every call return its code instead of ending the job.
__attribute__((swift_name("getter:MPI_ERRORS_RETURN()")))
static inline MPI_Errhandler cmpi_errors_return(void) { return MPI_ERRORS_RETURN; }

/// The element type of untyped bytes.
__attribute__((swift_name("getter:MPI_BYTE()")))
static inline MPI_Datatype cmpi_byte(void) { return MPI_BYTE; }

/// The element type of `Float`.
__attribute__((swift_name("getter:MPI_FLOAT()")))
static inline MPI_Datatype cmpi_float(void) { return MPI_FLOAT; }

/// The element type of `Int32`.
__attribute__((swift_name("getter:MPI_INT32_T()")))
static inline MPI_Datatype cmpi_int32(void) { return MPI_INT32_T; }

/// The element type of `Int64`.
__attribute__((swift_name("getter:MPI_INT64_T()")))
static inline MPI_Datatype cmpi_int64(void) { return MPI_INT64_T; }

/// The element type of `UInt64`.
__attribute__((swift_name("getter:MPI_UINT64_T()")))
static inline MPI_Datatype cmpi_uint64(void) { return MPI_UINT64_T; }

/// Bitwise or.
__attribute__((swift_name("getter:MPI_BOR()")))
static inline MPI_Op cmpi_bor(void) { return MPI_BOR; }

/// The larger of two.
__attribute__((swift_name("getter:MPI_MAX()")))
static inline MPI_Op cmpi_max(void) { return MPI_MAX; }

/// Addition; of floats only where the order of additions does not matter to the user.
__attribute__((swift_name("getter:MPI_SUM()")))
static inline MPI_Op cmpi_sum(void) { return MPI_SUM; }

/// The mark that a collective's input lies in its output buffer.
__attribute__((swift_name("getter:MPI_IN_PLACE()")))
static inline void *cmpi_in_place(void) { return MPI_IN_PLACE; }

/// Cores a process may run on. glibc declares it only under `_GNU_SOURCE`, which the importer does not set.
int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);

/// Changes the cores a process may run on. glibc declares it only under `_GNU_SOURCE`, which the importer does not set.
int sched_setaffinity(pid_t process, size_t size, const cpu_set_t *set);

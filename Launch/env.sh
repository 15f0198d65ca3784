# Environment of dist-gan under mpirun; to be sourced, with the number of ranks as first argument.
# shellcheck shell=bash

# mpirun refuses to start for root unless both are set.
if [ "$(id -u)" = 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# mpirun refuses more ranks than cores unless told that they may share.
if [ "${1:-1}" -gt "$(nproc)" ]; then
  export OMPI_MCA_rmaps_base_oversubscribe=1
fi

# Where a process may not read another's memory (many containers), Open MPI's single-copy path prints errors and falls back.
if [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" != 0 ] || [ -f /.dockerenv ]; then
  export OMPI_MCA_btl_vader_single_copy_mechanism=none
fi

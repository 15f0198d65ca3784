/// MPI as Swift sees it.
#pragma once
#include <mpi.h>

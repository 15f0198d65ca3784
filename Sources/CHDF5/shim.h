/// HDF5 as Swift sees it.
#pragma once
#include <hdf5.h>

/// HDF5 as Swift sees it.
///
/// Swift imports no macro with a cast or a comma in it, and most constants of HDF5 are such macros: each one used has a getter here that
/// keeps the C name. `CHDF5.H5T_NATIVE_FLOAT` in Swift is `H5T_NATIVE_FLOAT` in C. A getter may go once Swift imports its macro.
#pragma once
#include <fcntl.h>
#include <hdf5.h>

#define CHDF5_CONSTANT(type, name) __attribute__((swift_name("getter:" #name "()"))) static inline type chdf5_##name(void)

// In-memory element types; the macros call H5open() first.
CHDF5_CONSTANT(hid_t, H5T_NATIVE_INT8) { return H5T_NATIVE_INT8; }
CHDF5_CONSTANT(hid_t, H5T_NATIVE_INT16) { return H5T_NATIVE_INT16; }
CHDF5_CONSTANT(hid_t, H5T_NATIVE_INT32) { return H5T_NATIVE_INT32; }
CHDF5_CONSTANT(hid_t, H5T_NATIVE_INT64) { return H5T_NATIVE_INT64; }
CHDF5_CONSTANT(hid_t, H5T_NATIVE_UINT8) { return H5T_NATIVE_UINT8; }
CHDF5_CONSTANT(hid_t, H5T_NATIVE_UINT16) { return H5T_NATIVE_UINT16; }
CHDF5_CONSTANT(hid_t, H5T_NATIVE_UINT32) { return H5T_NATIVE_UINT32; }
CHDF5_CONSTANT(hid_t, H5T_NATIVE_UINT64) { return H5T_NATIVE_UINT64; }
CHDF5_CONSTANT(hid_t, H5T_NATIVE_FLOAT) { return H5T_NATIVE_FLOAT; }
CHDF5_CONSTANT(hid_t, H5T_NATIVE_DOUBLE) { return H5T_NATIVE_DOUBLE; }
CHDF5_CONSTANT(hid_t, H5T_C_S1) { return H5T_C_S1; }

// Classes of property lists.
CHDF5_CONSTANT(hid_t, H5P_FILE_CREATE) { return H5P_FILE_CREATE; }
CHDF5_CONSTANT(hid_t, H5P_FILE_ACCESS) { return H5P_FILE_ACCESS; }
CHDF5_CONSTANT(hid_t, H5P_GROUP_CREATE) { return H5P_GROUP_CREATE; }
CHDF5_CONSTANT(hid_t, H5P_DATASET_CREATE) { return H5P_DATASET_CREATE; }
CHDF5_CONSTANT(hid_t, H5P_DATASET_ACCESS) { return H5P_DATASET_ACCESS; }

// Plain numbers: Swift sees these macros as Int32, and picks the getter where an identifier is wanted.
CHDF5_CONSTANT(hid_t, H5P_DEFAULT) { return H5P_DEFAULT; }
CHDF5_CONSTANT(hid_t, H5E_DEFAULT) { return H5E_DEFAULT; }

// Values behind casts or commas.
CHDF5_CONSTANT(size_t, H5T_VARIABLE) { return H5T_VARIABLE; }
CHDF5_CONSTANT(haddr_t, HADDR_UNDEF) { return HADDR_UNDEF; }
CHDF5_CONSTANT(unsigned, H5Z_FLAG_REVERSE) { return H5Z_FLAG_REVERSE; }
CHDF5_CONSTANT(unsigned, H5F_ACC_RDONLY) { return H5F_ACC_RDONLY; }
CHDF5_CONSTANT(unsigned, H5F_ACC_TRUNC) { return H5F_ACC_TRUNC; }

/// Kind of the link `name` (`H5L_TYPE_HARD`, `…_SOFT`, `…_EXTERNAL`), or a negative number on failure.
///
/// `H5Lget_info` is a function in HDF5 1.10 and a macro for one of two functions since 1.12.
static inline int chdf5_link_type(hid_t location, const char *name) {
  H5L_info_t info;
  if (H5Lget_info(location, name, &info, H5P_DEFAULT) < 0) return -1;
  return (int)info.type;
}

/// `file`, which programs that this process starts do not get: HDF5's lock on it would last as long as they do.
static inline hid_t chdf5_own(hid_t file) {
  void *descriptor = 0;
  if (file >= 0 && H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) >= 0) fcntl(*(int *)descriptor, F_SETFD, FD_CLOEXEC);
  return file;
}

#undef CHDF5_CONSTANT

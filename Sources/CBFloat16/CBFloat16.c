// All is in the header; a target needs a source.
#include "CBFloat16.h"

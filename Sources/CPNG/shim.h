/// libpng as Swift sees it.
#pragma once
#include <stddef.h>
#include <stdio.h>
#include <png.h>

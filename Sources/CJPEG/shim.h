/// libjpeg, whose header names types of the standard library without including it.
#pragma once
#include <stddef.h>
#include <stdio.h>
#include <jpeglib.h>

#pragma once

/// Marks what a shared library shows to its users; everything else is hidden.
#if defined(__GNUC__)
#define XGRAD_API __attribute__((visibility("default")))
#else
#define XGRAD_API
#endif

/*
 * fuzz - what every target here is: one function that is given hostile bytes
 * and may do anything with them but harm.
 *
 * With --enable-fuzzers libFuzzer calls it, and looks for inputs that reach new
 * code; else replay.c runs files through it, so that the corpus is part of
 * every check. A target says with assert() what must hold, which is on in
 * release builds too. Inputs that were found once are kept in corpus/TARGET/.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's name. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#endif

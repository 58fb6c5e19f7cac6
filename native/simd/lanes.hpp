// Vector types of the instruction set this file is compiled for, in the vector extensions of GCC and Clang.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace {

#if defined(__AVX512F__)
constexpr std::size_t kLanes = 16;
constexpr std::size_t kTileRows = 14;  // 28 sums, 2 columns, 1 broadcast of 32 registers
constexpr std::size_t kDotRows = 5;
constexpr std::size_t kDotCols = 5;  // 25 sums, 5 columns, 1 row
constexpr std::size_t kFewDotRows = 8;
#elif defined(__AVX2__)
constexpr std::size_t kLanes = 8;
constexpr std::size_t kTileRows = 6;  // 12 sums, 2 columns, 1 broadcast of 16 registers
constexpr std::size_t kDotRows = 2;
constexpr std::size_t kDotCols = 4;
constexpr std::size_t kFewDotRows = 4;
#elif defined(__aarch64__)
constexpr std::size_t kLanes = 4;
constexpr std::size_t kTileRows = 12;  // 24 sums, 2 columns, 1 broadcast of 32 registers
constexpr std::size_t kDotRows = 5;
constexpr std::size_t kDotCols = 5;  // 25 sums, 5 columns, 1 row
constexpr std::size_t kFewDotRows = 8;
#else
constexpr std::size_t kLanes = 4;
constexpr std::size_t kTileRows = 6;
constexpr std::size_t kDotRows = 2;
constexpr std::size_t kDotCols = 4;
constexpr std::size_t kFewDotRows = 4;
#endif
constexpr std::size_t kTileCols = 2 * kLanes;
constexpr std::size_t kFewDotCols = 3;

using Floats = float __attribute__((vector_size(kLanes * sizeof(float))));
using Ints = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));
// Half as many, so that their float64 counterparts fill one register.
constexpr std::size_t kHalf = kLanes / 2;
using HalfFloats = float __attribute__((vector_size(kHalf * sizeof(float))));
using Doubles = double __attribute__((vector_size(kHalf * sizeof(double))));

template <typename V, typename T>
inline V load(const T* from) {
  V value;
  __builtin_memcpy(&value, from, sizeof(V));
  return value;
}

template <typename V, typename T>
inline void store(T* to, V value) {
  __builtin_memcpy(to, &value, sizeof(V));
}

// The value, held in a register: compilers else load it again for each use, and a load that crosses a line costs two.
inline Floats held(Floats value) {
#if defined(__SSE2__)
  asm("" : "+v"(value));
#elif defined(__aarch64__)
  asm("" : "+w"(value));
#endif
  return value;
}

// Stores past the cache where the CPU can, for lines that are not read soon; `to` is aligned to the vector.
inline void stream(float* to, Floats values) {
#if defined(__AVX512F__)
  _mm512_stream_ps(to, reinterpret_cast<__m512>(values));
#elif defined(__AVX2__)
  _mm256_stream_ps(to, reinterpret_cast<__m256>(values));
#elif defined(__SSE2__)
  _mm_stream_ps(to, reinterpret_cast<__m128>(values));
#else
  store(to, values);
#endif
}

// Other threads see streamed stores only after this.
inline void end_stream() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

// Bit l says that values[l] <= limit.
inline std::uint32_t at_most(Floats values, float limit) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(values, _mm512_set1_ps(limit), _CMP_LE_OQ);
#elif defined(__AVX2__)
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(values, _mm256_set1_ps(limit), _CMP_LE_OQ)));
#elif defined(__SSE2__)
  return static_cast<std::uint32_t>(_mm_movemask_ps(_mm_cmple_ps(values, _mm_set1_ps(limit))));
#elif defined(__aarch64__)
  const uint32x4_t bit = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(vcleq_f32(values, vdupq_n_f32(limit)), bit));
#else
  std::uint32_t bits = 0;
  for (std::size_t l = 0; l < kLanes; l++) bits |= static_cast<std::uint32_t>(values[l] <= limit) << l;
  return bits;
#endif
}

// a0 b0 a1 b1 … of the first halves, or of the second ones.
inline Floats interleave_low(Floats a, Floats b) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#elif defined(__AVX2__)
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#else
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#endif
}
inline Floats interleave_high(Floats a, Floats b) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif defined(__AVX2__)
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
}

// Makes rows columns: each pass interleaves the first half of the rows with the second.
inline void transpose(Floats (&rows)[kLanes]) {
#pragma GCC unroll 4
  for (std::size_t pass = kLanes; pass > 1; pass /= 2) {
    Floats next[kLanes];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kHalf; i++) {
      next[2 * i] = interleave_low(rows[i], rows[i + kHalf]);
      next[2 * i + 1] = interleave_high(rows[i], rows[i + kHalf]);
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kLanes; i++) rows[i] = next[i];
  }
}

inline Doubles widen(HalfFloats values) { return __builtin_convertvector(values, Doubles); }

}  // namespace

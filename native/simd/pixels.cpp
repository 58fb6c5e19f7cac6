// Filters of 8-bit pixels in whole numbers: the same bytes from every instruction set.
#include "pixels.hpp"

#include "lanes.hpp"

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns of its own AVX-512 intrinsics.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace equipoise::EQUIPOISE_ISA {
namespace {

using Line = std::uint8_t __attribute__((vector_size(kStrip)));
static_assert(kStrip == 16 && kStrip % kLanes == 0);

constexpr std::int32_t kHalfUnit = 1 << (kFractionBits - 1);

// kLanes bytes as whole numbers. GCC makes __builtin_convertvector of them one by one.
inline Ints widen(const std::uint8_t* bytes) {
#if defined(__AVX512F__)
  return reinterpret_cast<Ints>(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes))));
#elif defined(__AVX2__)
  return reinterpret_cast<Ints>(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes))));
#elif defined(__SSE2__)
  const __m128i none = _mm_setzero_si128();
  const __m128i four = _mm_cvtsi32_si128(load<std::int32_t>(bytes));
  return reinterpret_cast<Ints>(_mm_unpacklo_epi16(_mm_unpacklo_epi8(four, none), none));
#else
  using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));
  return __builtin_convertvector(load<Bytes>(bytes), Ints);
#endif
}

// Numbers from -512 to 511 as bytes: below 0 is 0, above 255 is 255.
inline void put_bytes(std::uint8_t* bytes, Ints values) {
#if defined(__AVX512F__)
  const __m512i least = _mm512_max_epi32(reinterpret_cast<__m512i>(values), _mm512_setzero_si512());
  _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes), _mm512_cvtusepi32_epi8(least));
#elif defined(__AVX2__)
  const __m256i all = reinterpret_cast<__m256i>(values);
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(bytes), _mm_packus_epi16(words, words));
#elif defined(__SSE2__)
  const __m128i words = _mm_packs_epi32(reinterpret_cast<__m128i>(values), _mm_setzero_si128());
  store(bytes, _mm_cvtsi128_si32(_mm_packus_epi16(words, words)));
#else
  using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));
  const Ints least = values < 0 ? Ints{} : values;
  const Ints most = Ints{} + 255;
  store(bytes, __builtin_convertvector(least > most ? most : least, Bytes));
#endif
}

// kParts registers of sums in 2^-22, half a unit included, for kParts * kLanes bytes side by side.
template <std::size_t kParts>
struct Sums {
  Ints part[kParts];

  Sums() {
    for (Ints& sums : part) sums = Ints{} + kHalfUnit;
  }
  void add(const std::uint8_t* bytes, std::int32_t weight) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kParts; i++)
      part[i] += widen(bytes + i * kLanes) * weight;
  }
  void put(std::uint8_t* bytes) const {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kParts; i++) put_bytes(bytes + i * kLanes, part[i] >> kFractionBits);
  }
};

inline Line interleave_low(Line a, Line b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Line interleave_high(Line a, Line b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// Makes rows columns: each pass interleaves the first half of the rows with the second.
inline void transpose(Line (&rows)[kStrip]) {
#pragma GCC unroll 4
  for (std::size_t pass = kStrip; pass > 1; pass /= 2) {
    Line next[kStrip];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kStrip / 2; i++) {
      next[2 * i] = interleave_low(rows[i], rows[i + kStrip / 2]);
      next[2 * i + 1] = interleave_high(rows[i], rows[i + kStrip / 2]);
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kStrip; i++) rows[i] = next[i];
  }
}

// (count rows of `length` bytes) -> (length, kStrip), zeros where there is no row. Reads nothing else, writes up to a line more.
inline void to_columns(const std::uint8_t* rows, std::size_t step, std::size_t count, std::size_t length,
                       std::uint8_t* columns) {
  for (std::size_t i = 0; i < length; i += kStrip) {
    const std::size_t size = length - i < kStrip ? length - i : kStrip;
    Line lines[kStrip] = {};
    for (std::size_t r = 0; r < count; r++) {
      const std::uint8_t* from = rows + r * step + i;
      if (size == kStrip)
        lines[r] = load<Line>(from);
      else
        __builtin_memcpy(&lines[r], from, size);
    }
    transpose(lines);
    for (std::size_t j = 0; j < kStrip; j++) store(columns + (i + j) * kStrip, lines[j]);
  }
}

// The way back; writes up to a line more in each row.
inline void to_rows(const std::uint8_t* columns, std::size_t length, std::size_t count, std::uint8_t* rows,
                    std::size_t step) {
  for (std::size_t i = 0; i < length; i += kStrip) {
    Line lines[kStrip];
    for (std::size_t j = 0; j < kStrip; j++) lines[j] = load<Line>(columns + (i + j) * kStrip);
    transpose(lines);
    for (std::size_t r = 0; r < count; r++) store(rows + r * step + i, lines[r]);
  }
}

template <std::size_t kChannels>
inline void filter(const std::uint8_t* columns, std::size_t first, const Taps& taps, std::uint8_t* out) {
  for (std::size_t x = 0; x < taps.outputs; x++) {
    const std::int32_t* weights = taps.weights + x * taps.stride;
    const std::uint8_t* from = columns + kChannels * kStrip * (static_cast<std::size_t>(taps.first[x]) - first);
    Sums<kStrip / kLanes> sums[kChannels];
    for (std::int32_t j = 0; j < taps.count[x]; j++)
#pragma GCC unroll 3
      for (std::size_t c = 0; c < kChannels; c++, from += kStrip) sums[c].add(from, weights[j]);
#pragma GCC unroll 3
    for (std::size_t c = 0; c < kChannels; c++, out += kStrip) sums[c].put(out);
  }
}

}  // namespace

void filter_rows(const std::uint8_t* pixels, std::size_t step, std::size_t rows, std::size_t channels, const Taps& taps,
                 std::size_t first, std::size_t last, std::uint8_t* columns, std::uint8_t* filtered, std::uint8_t* out,
                 std::size_t out_step) {
  // Rows that lie across a register are filtered without moving a byte from lane to lane.
  for (std::size_t r = 0; r < rows; r += kStrip) {
    const std::size_t count = rows - r < kStrip ? rows - r : kStrip;
    to_columns(pixels + r * step + first * channels, step, count, (last - first) * channels, columns);
    if (channels == 3)
      filter<3>(columns, first, taps, filtered);
    else
      filter<1>(columns, first, taps, filtered);
    to_rows(filtered, taps.outputs * channels, count, out + r * out_step, out_step);
  }
}

void filter_column(const std::uint8_t* rows, std::size_t step, std::size_t count, const std::int32_t* weights,
                   std::size_t length, std::uint8_t* out) {
  constexpr std::size_t kParts = kPixelRoom / kLanes < 4 ? kPixelRoom / kLanes : 4;
  for (std::size_t i = 0; i < length; i += kParts * kLanes) {
    Sums<kParts> sums;
    for (std::size_t j = 0; j < count; j++) sums.add(rows + j * step + i, weights[j]);
    sums.put(out + i);
  }
}

}  // namespace equipoise::EQUIPOISE_ISA
